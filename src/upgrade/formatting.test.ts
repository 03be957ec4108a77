import { describe, expect, it } from 'vitest'
import { decide } from './decide.ts'

const BASE = `import { a } from './a.ts'

/** Says it. */
export function say(text: string, times = 1) {
  const words = [text, 'and', 'again']
  for (let i = 0; i < times; i++) a(words.join(' '))
  return times
}
`
const THEIRS = BASE.replace("'again'", "'once more'").replace(
  '  return times',
  '  if (!times) return 1\n  return times',
)

/** As Prettier has it by default, on narrow paper. */
const REFORMATTED = `import { a } from "./a.ts";

/** Says it. */
export function say(
  text: string,
  times = 1,
) {
  const words = [text, "and", "again"];
  for (let i = 0; i < times; i++)
    a(words.join(" "));
  return times;
}
`

const merge = (ours: string, theirs = THEIRS, base = BASE) =>
  decide({ path: 'src/say.ts', owner: 'managed', ours, base, theirs }, 'sidecar', () => undefined)

describe('a module that its owner has put through another formatter', () => {
  it('takes the changes of the template, and keeps its formatting around them', () => {
    const decision = merge(REFORMATTED)
    expect(decision).toMatchObject({ take: 'merged' })
    const text = 'text' in decision ? decision.text : ''
    const seam = REFORMATTED.replace(
      'a(words.join(" "));\n  return',
      'a(words.join(" "))\n  if (!times) return 1\n  return',
    )
    expect(text).toBe(seam.replace('"again"', "'once more'"))
  })

  it('keeps real edits of the owner, and lets those clash that are of the same line', () => {
    expect(merge(REFORMATTED.replace('"and"', '"und"'))).toMatchObject({ take: 'conflict', places: [{ line: 8 }] })
    const elsewhere = merge(REFORMATTED.replace('text: string', 'text: number'))
    expect(elsewhere).toMatchObject({ take: 'merged', text: expect.stringContaining('  text: number,\n') })
  })

  it('does not take a string for white space, nor the semicolons of a loop for style', () => {
    const spaced = REFORMATTED.replace('"and"', '"a nd"').replace('i < times;', 'i < 2;')
    const theirs = BASE.replace("'and'", "'or'").replace('i++', 'i += 1')
    expect(merge(spaced, theirs)).toMatchObject({ take: 'conflict' })
  })

  it('may lack the line on its top that says where it came from', () => {
    const header = '// From a tool.\n'
    const theirs = header + BASE.replace("'./a.ts'", "'./b.ts'")
    expect(merge(BASE, theirs, header + BASE)).toMatchObject({ text: BASE.replace("'./a.ts'", "'./b.ts'") })
  })

  it('is merged by line like any other where it does not parse', () => {
    expect(merge(`${REFORMATTED}((`)).toMatchObject({ take: 'conflict' })
  })

  it('takes what the template only reformatted as no change at all', () => {
    expect(merge(BASE.replace("'again'", "'anew'"), REFORMATTED)).toMatchObject({ take: 'conflict' })
  })
})
