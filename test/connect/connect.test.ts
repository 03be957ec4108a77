import { describe, expect, it } from 'vitest'
import { cases, connectCase } from './cases.ts'

const accepted = cases.filter(({ refused }) => refused === undefined)

/** The same module as other people's editors leave it. */
const HABITS: Record<string, (text: string) => string> = {
  'CRLF line ends': (text) => text.replaceAll('\n', '\r\n'),
  'tabs instead of spaces': (text) => text.replace(/^( {2})+/gm, (spaces) => '\t'.repeat(spaces.length / 2)),
  'a byte order mark': (text) => `\uFEFF${text}`,
  'a shebang': (text) => `#!/usr/bin/env tsx\n${text}`,
  'a byte order mark and a shebang': (text) => `\uFEFF#!/usr/bin/env tsx\n${text}`,
  'no last line break': (text) => text.replace(/\n$/, ''),
  'emoji before everything': (text) => `// 👩‍🚀 наш шлюз\n${text}`,
}

describe.each(accepted)('$name', ({ path, input, output }) => {
  it('becomes what its folder says', () => {
    expect(connectCase(path, input).text).toBe(output)
  })

  it('is left alone the second time', () => {
    expect(connectCase(path, output)).toMatchObject({ text: output, lines: [] })
  })

  it('shows the lines that are new, and no other line is', () => {
    const { text, lines } = connectCase(path, input)
    const after = text.split('\n')
    for (const { line, text } of lines) expect(after[line - 1]).toBe(text)
    const rest = after.filter((_, index) => !lines.some(({ line }) => line === index + 1))
    const before = input.split('\n')
    expect(rest.filter((line) => !before.includes(line))).toEqual([])
  })
})

describe('what is not understood', () => {
  it.each(cases.filter(({ refused }) => refused))(
    'is refused, with what and where: $name',
    ({ path, input, refused }) => {
      const refusal = { message: refused?.trim(), exitCode: 1 }
      expect(() => connectCase(path, input)).toThrow(expect.objectContaining(refusal))
    },
  )

  it('comes with the lines to paste', () => {
    const hint = expect.stringMatching(/import \{ analyticsLog \} from '.+'\n.*policies: \[.+\n.*\.use\(analyticsLog/)
    expect(() => connectCase('input.ts', 'export {}')).toThrow(expect.objectContaining({ hint }))
  })
})

describe.each(Object.entries(HABITS))('with %s', (_, habit) => {
  it.each(accepted)('$name becomes the same', ({ path, input, output }) => {
    expect(connectCase(path, habit(input)).text).toBe(habit(output))
  })
})
