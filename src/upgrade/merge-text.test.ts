import { describe, expect, it } from 'vitest'
import { lineOfConflict, lineOfMarkers, mergeText } from './merge-text.ts'

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`)
const merged = (ours: string, base: string, theirs: string) => {
  const merge = mergeText(ours, base, theirs)
  return merge && (merge.conflicts.length > 0 ? merge.conflicts : merge.text)
}

describe('a merge by lines', () => {
  it('takes both sides’ changes where they are apart', () => {
    expect(merged('A\nb\nc\n', 'a\nb\nc\n', 'a\nb\nC\n')).toBe('A\nb\nC\n')
  })

  it('merges two and two hundred places', () => {
    for (const places of [2, 200]) {
      const base = numbered(places * 8)
      const change = (every: number, word: string) =>
        base.map((line, n) => (n % 8 === every ? `${word} ${n}\n` : line)).join('')
      const text = merged(change(1, 'mine'), base.join(''), change(5, 'newer')) as string
      expect(text.match(/mine/g)).toHaveLength(places)
      expect(text.match(/newer/g)).toHaveLength(places)
    }
  })

  it('reports each place that both changed, with its line in the user’s file', () => {
    const conflicts = merged('x\na\nmine\nb\n', 'a\n0\nb\n', 'a\ntheirs\nb\n')
    expect(conflicts).toEqual([{ line: 3, ours: ['mine'], base: ['0'], theirs: ['theirs'] }])
  })

  it('marks such a place so that the marks are found again', () => {
    const { text } = mergeText('mine\n', '0\n', 'theirs\n') ?? { text: '' }
    expect(text).toBe(
      '<<<<<<< yours\nmine\n||||||| as it was emitted\n0\n=======\ntheirs\n>>>>>>> the newer template\n',
    )
    expect([lineOfMarkers(text), lineOfConflict(text)]).toEqual([1, 1])
  })

  it('takes a change that both made once', () => {
    expect(merged('a\nb\n', 'a\n', 'a\nb\n')).toBe('a\nb\n')
  })

  it('keeps CRLF, a byte order mark and a missing last line ending of the user’s', () => {
    expect(merged('\uFEFFA\r\nb\r\nc\r\nd', 'a\nb\nc\nd\n', 'a\nb\nC\nd\n')).toBe('\uFEFFA\r\nb\r\nC\r\nd')
  })

  it('takes the template’s last line ending where the user left it alone', () => {
    expect(merged('A\nb\nc', 'a\nb\nc', 'a\nb\nc\n')).toBe('A\nb\nc\n')
  })

  it('keeps each line’s own ending in a file of mixed ones', () => {
    expect(merged('A\r\nb\nc\r\nd\n', 'a\nb\nc\nd\n', 'a\nb\nc\nd\ne\n')).toBe('A\r\nb\nc\r\nd\ne\n')
  })

  it('keeps lines of spaces and unicode byte for byte', () => {
    expect(merged('ü\n \t\n𝒳\n', 'u\n \t\n𝒳\n', 'u\n \t\n𝒳\né\n')).toBe('ü\n \t\n𝒳\né\n')
  })

  it('does not try what would take minutes: thousands of blank lines, a huge file', () => {
    const blank = '\n'.repeat(5_000)
    expect(mergeText(`a\n${blank}b\n`, `c\n${blank}d\n`, `e\n${blank}f\n`)).toBeUndefined()
    const around = (lines: string[]) => {
      const text = lines.join('')
      return merged(`mine\n${text}`, text, `${text}theirs\n`)
    }
    expect(around(numbered(60_000))).toBeUndefined()
    expect(around(numbered(3_000))).toBe(`mine\n${numbered(3_000).join('')}theirs\n`)
  })

  it('a document that quotes conflict markers is merged like any other', () => {
    const quoted = 'Solve it:\n\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> branch\n\nend\n'
    expect(merged(`mine\n${quoted}`, quoted, `${quoted}newer\n`)).toBe(`mine\n${quoted}newer\n`)
    expect(lineOfMarkers(quoted)).toBeUndefined()
    expect(lineOfConflict('a heading\n=======\n>>>>>>> quote\n')).toBeUndefined()
  })
})
