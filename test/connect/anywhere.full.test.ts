import { parse } from '@babel/parser'
import { describe, expect, it } from 'vitest'
import { cases, connectCase } from './cases.ts'

const FILLERS = [' ', '\t', '\n', '\r\n', '\n\n', '/* c */', '// c\n', '/* a\n b */', ' /**/ // x\n']

interface Token {
  start: number
  end: number
  type: { label?: string }
}

/** The tokens of a module, comments left out. */
function tokensOf(path: string, text: string): Token[] {
  const jsx = /(x|\.m?js)$/.test(path) ? (['jsx'] as const) : []
  const plugins = [...(/\.tsx?$/.test(path) ? (['typescript'] as const) : []), ...jsx]
  const { tokens } = parse(text, { sourceType: 'module', plugins, tokens: true })
  return (tokens as Token[]).filter(({ type }) => type.label !== undefined)
}

/** What a module says, however it is laid out: commas and semicolons come and go with line breaks. */
const wordsOf = (path: string, text: string) =>
  tokensOf(path, text)
    .map(({ start, end }) => text.slice(start, end))
    .filter((word) => !/^[,;]?$/.test(word))
    .join(' ')

/** The same as `wordsOf`; undefined for what is no module. */
function wordsIfAny(path: string, text: string): string | undefined {
  try {
    return wordsOf(path, text)
  } catch {
    return undefined
  }
}

describe.each(cases.filter(({ refused }) => refused === undefined))('$name', ({ name, path, input, output }) => {
  it('is connected with a blank, a line break or a comment between any two of its tokens', () => {
    const [words, connected] = [wordsOf(path, input), wordsOf(path, output)]
    let looked = 0
    for (const { start } of tokensOf(path, input)) {
      for (const filler of FILLERS) {
        const text = input.slice(0, start) + filler + input.slice(start)
        // Where a line break makes another program of it, that is another case.
        if (wordsIfAny(path, text) !== words || isOther(name, text)) continue
        const { text: result } = connectCase(path, text)
        const what = `${JSON.stringify(filler)} at ${start}`
        expect(wordsOf(path, result), what).toBe(connected)
        expect(connectCase(path, result).text, what).toBe(result)
        looked++
      }
    }
    expect(looked).toBeGreaterThan(200)
  })
})

/** A type that is followed by `<` on the next line takes no arguments: `as Hono` is then compared with what follows. */
const isOther = (name: string, text: string) => name === 'hono-cast' && /as Hono[^<]*\n[^<]*</.test(text)
