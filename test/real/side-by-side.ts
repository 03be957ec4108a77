import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'vitest'
import { withLake } from '../../templates/query/duckdb.ts'
import type { Mark } from '../../templates/src/types.ts'
import type { Settings } from '../../templates/src/wiring.ts'
import { emit, type Project } from '../e2e/project.ts'
import { bundleWorker } from './bundle.ts'
import { type LivingLogs, livingLogs } from './living-logs.ts'
import { expectExactly, marksOf, open, sleep, startWorker } from './support.ts'

const SQL = 'SELECT traceId, count(*) AS n FROM analytics GROUP BY traceId'
type Seen = { traceId: string; n: number }[]

export interface SideBySide {
  milliseconds: number
  /** However long it takes. */
  atLeastReads: number
  seed: number
  /** What each process does: its jobs, and its settings where they are not the usual ones. */
  workers: readonly (readonly [string, Partial<Settings>?])[]
  /** Read through the `query` command, too. */
  byCommand?: boolean
}

/**
 * Reads without a pause while processes work on one lake and the logs live on. Every answer must be made of whole ranges
 * of logs, as the marks have them, with each row as often as the log has it, and hold all that was in when the reader
 * came. In the end the lake holds exactly the rows of the logs, and no process saw an error.
 */
export async function workSideBySide(name: string, options: SideBySide): Promise<{ reads: number; ranges: number }> {
  const { milliseconds, atLeastReads, seed, workers: tasks, byCommand } = options
  const project = await emit(name)
  const { dir } = project
  const script = await bundleWorker(dir)
  const logs = livingLogs(join(dir, 'logs'), seed)
  for (let n = 0; n < 5; n++) logs.step()
  const { lake, jobs } = open(dir)
  const workers = tasks.map(([jobs, settings]) => startWorker(script, jobs, settings))
  await jobs.ingest(() => {}) // so that a reader has something to read from the start
  await Promise.all(workers.map(({ isReady }) => isReady))
  for (const worker of workers) worker.go()

  let reads = 0
  const { standing, check } = createRangeCheck(dir, logs)
  const end = performance.now() + milliseconds
  const isOver = () => performance.now() > end && reads >= atLeastReads
  async function live(): Promise<void> {
    for (; !isOver(); await sleep(30)) logs.step()
  }
  async function readOn(read: () => Promise<Seen>): Promise<void> {
    for (; !isOver(); reads++) {
      const before = standing()
      check(await read(), before)
    }
  }
  const viaReader = () =>
    withLake(lake, async ({ rows, broken }) => {
      expect(broken).toEqual([])
      return (await rows(SQL)) as Seen
    })
  await Promise.all([live(), readOn(viaReader), ...(byCommand ? [readOn(() => viaCommand(project))] : [])])
  await Promise.all(workers.map((worker) => worker.stop()))
  expect(workers.flatMap(({ errors }) => errors)).toEqual([])
  const ranges = marksOf(dir).length
  await expectExactly(dir, logs)
  return { reads, ranges }
}

const viaCommand = (project: Project) => project.json<Seen>('query', [SQL])

/** Throws unless what was seen is the rows of whole ranges, and those of all marks that stood before are among them. */
function createRangeCheck(dir: string, logs: LivingLogs) {
  const ranges = new Map<string, string[]>()
  const idsOf = ({ sha256, offset, size }: Mark): string[] => {
    const ends = (text: string) => Buffer.from(text).subarray(0, offset + size)
    const text = logs.texts().find((text) => createHash('sha256').update(ends(text)).digest('hex') === sha256)
    if (text === undefined) throw new Error(`a mark is of no log: ${offset}+${size} ${sha256}`)
    const lines = ends(text).subarray(offset).toString().split('\n')
    return lines.flatMap((line) => /"traceId":"([^"]+)"/.exec(line)?.[1] ?? [])
  }
  const standing = () => {
    for (const mark of marksOf(dir)) {
      const id = `${mark.key}@${mark.offset}`
      if (!ranges.has(id)) ranges.set(id, idsOf(mark))
    }
    return new Set(ranges.keys())
  }
  return {
    standing,
    check(seen: Seen, before: ReadonlySet<string>): void {
      standing()
      const found = new Map(seen.map(({ traceId, n }) => [traceId, n]))
      const expected = new Map<string, number>()
      for (const [id, ids] of ranges) {
        if (!before.has(id) && !ids.some((id) => found.has(id))) continue
        for (const id of ids) expected.set(id, (expected.get(id) ?? 0) + 1)
      }
      const ids = new Set([...found.keys(), ...expected.keys()])
      const wrong = [...ids].filter((id) => found.get(id) !== expected.get(id))
      expect(wrong.map((id) => `${id}: ${found.get(id) ?? 0} rows, not ${expected.get(id) ?? 0}`)).toEqual([])
    },
  }
}
