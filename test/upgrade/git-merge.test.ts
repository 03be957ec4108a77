import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeText } from '../../src/upgrade/merge-text.ts'

type Triple = { base: string[]; ours: string[]; theirs: string[] }
type Edit = { at: number; gone: number; come: string[] }

const edit = (line: fc.Arbitrary<string>) =>
  fc.record({ at: fc.nat(20), gone: fc.nat(2), come: fc.array(line, { maxLength: 2 }) })

/** A text and two edited copies of it, of lines from `line`. */
function triples(line: fc.Arbitrary<string>): fc.Arbitrary<Triple> {
  const edits = fc.array(edit(line), { maxLength: 4 })
  return fc
    .record({ base: fc.array(line, { maxLength: 14 }), ours: edits, theirs: edits })
    .map(({ base, ours, theirs }) => ({ base, ours: edited(base, ours), theirs: edited(base, theirs) }))
}

function edited(base: readonly string[], edits: readonly Edit[]): string[] {
  const lines = [...base]
  for (const { at, gone, come } of edits) lines.splice(at % (lines.length + 1), gone, ...come)
  return lines
}

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

/** What both make of a triple, one after the other in a folder: null stands for conflicts. */
function compare(samples: readonly Triple[]): { git: string | null; ours: string | null; triple: Triple }[] {
  const dir = mkdtempSync(join(tmpdir(), 'merge-file-'))
  try {
    for (const [n, { base, ours, theirs }] of samples.entries()) {
      for (const [name, lines] of Object.entries({ base, ours, theirs }))
        writeFileSync(join(dir, `${n}.${name}`), textOf(lines))
    }
    // One shell for all: it is git that takes the time, not starting it.
    const script = `for n in $(seq 0 ${samples.length - 1}); do git merge-file -q -p $n.ours $n.base $n.theirs > $n.out; echo $?; done`
    const codes = execFileSync('sh', ['-c', script], { cwd: dir, encoding: 'utf8' }).trim().split('\n')
    const out = execFileSync(
      'sh',
      ['-c', `for n in $(seq 0 ${samples.length - 1}); do cat $n.out; printf '\\0'; done`],
      { cwd: dir, encoding: 'utf8', maxBuffer: 1 << 26 },
    )
    const texts = out.split('\0')
    return samples.map((triple, n) => {
      const merge = mergeText(textOf(triple.ours), textOf(triple.base), textOf(triple.theirs))
      return {
        git: codes[n] === '0' ? (texts[n] as string) : null,
        ours: merge && merge.conflicts.length === 0 ? merge.text : null,
        triple,
      }
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const seed = { seed: Number(process.env.SEED ?? Date.now() % 2 ** 31) }

describe('against git merge-file', () => {
  it('texts whose lines are all different merge, or clash, exactly as git has it', () => {
    const unique = fc.nat(1e9).map((n) => `line ${n}`)
    const results = compare(fc.sample(triples(unique), { numRuns: 400, ...seed }))
    expect(
      results.filter(({ git, ours }) => git !== ours),
      `seed ${seed.seed}`,
    ).toEqual([])
    expect(results.filter(({ git }) => git !== null).length).toBeGreaterThan(50)
  })

  /**
   * Where lines repeat, a change can be seen in more than one way ("one of three blank lines went": which?), and git and
   * the algorithm here (Hunt and McIlroy) may choose differently. Then one of them may clash where the other does not.
   * That is the only class of difference: it needs a line that stands there twice.
   */
  it('texts whose lines repeat differ from git’s only for that reason, and never lose a line', () => {
    const results = compare(fc.sample(triples(fc.constantFrom('', '}', 'a', 'b', 'c')), { numRuns: 400, ...seed }))
    const different = results.filter(({ git, ours }) => git !== ours)
    for (const { triple } of different) {
      const all = [triple.base, triple.ours, triple.theirs].find((lines) => new Set(lines).size < lines.length)
      expect(all, `seed ${seed.seed}: ${JSON.stringify(triple)}`).toBeDefined()
    }
    for (const { ours, triple } of results) {
      if (ours === null) continue
      const count = (lines: readonly string[], line: string) => lines.filter((one) => one === line).length
      for (const line of new Set(triple.ours)) {
        const added = count(triple.ours, line) - count(triple.base, line)
        expect(count(ours.split('\n'), line), `seed ${seed.seed}: ${JSON.stringify(triple)}`).toBeGreaterThanOrEqual(
          added,
        )
      }
    }
    expect(different.length / results.length, `seed ${seed.seed}`).toBeLessThan(0.15)
  })
})
