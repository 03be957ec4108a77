import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCompactor } from '../../templates/src/compactor/index.ts'
import { readAll } from '../../templates/src/lake/state.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { objectLogs } from '../../templates/src/storage/object-logs.ts'
import type { CompactorStorage } from '../../templates/src/types.ts'
import { fakeMerger } from '../../templates/test/fake-merger.ts'
import { entry, fakeWriter, lines } from '../../templates/test/fakes.ts'
import { startR2 } from './r2-server.ts'
import { startS3 } from './s3-server.ts'

/** Whether the call at which a store is lost still takes effect there. */
export type Lost = 'before' | 'after'

export interface Losable {
  storage(): CompactorStorage
  /** From its n-th request on (the first is 1) the store refuses everything. */
  loseAt(n: number, how: Lost): unknown
  /** All is well again; whether anything was refused meanwhile. */
  heal(): boolean | Promise<boolean>
}

const at = (hour: string, traceId: string) => entry({ timestamp: `2026-03-04T${hour}:00:00.000Z`, traceId })
const LOGS = { 'a.ndjson': lines(at('05', 'a5'), at('06', 'a6')), 'b.ndjson': lines(at('05', 'b5'), at('07', 'b7')) }
const LATE = lines(at('06', 'late'))
const EXPECTED = ['a5', 'a6', 'b5', 'b7', 'late']

/**
 * Ingests and compacts twice in a store that is lost at its n-th request, and once more when it is back; resolves to
 * whether it was lost at all. Throws unless the lake then holds every row exactly once.
 */
export async function loseStore(losable: Losable, home: string, n: number, how: Lost): Promise<boolean> {
  const logs = losable.storage()
  for (const [name, text] of Object.entries(LOGS)) await logs.put(`${home}/logs/${name}`, Buffer.from(text), 'absent')
  await losable.heal()
  await losable.loseAt(n, how)
  await run(losable.storage(), home).catch(() => {})
  const wasLost = await losable.heal()
  await logs.put(`${home}/logs/late.ndjson`, Buffer.from(LATE), 'absent')
  await losable.loseAt(n, how)
  await run(losable.storage(), home).catch(() => {})
  const wasLostAgain = await losable.heal()
  const errors = await run(losable.storage(), home)
  if (errors.length) throw new Error(`lost ${how} request ${n}, and never well again: ${JSON.stringify(errors)}`)
  const found = await rowsOf(losable.storage(), `${home}/lake`)
  if (found.join() !== EXPECTED.join()) throw new Error(`lost ${how} request ${n}: the lake holds ${found.join()}`)
  return wasLost || wasLostAgain
}

/** One run of each job, as cron would start them; resolves to what went wrong. */
async function run(storage: CompactorStorage, home: string): Promise<unknown[]> {
  const source = objectLogs(storage, { name: 'raw', prefix: `${home}/logs/` })
  const place = { storage, columns, prefix: `${home}/lake`, granularity: 'day' } as const
  const ingested = await createProcessor({ ...place, source, writer: fakeWriter, parseLine }).run()
  const compacted = await createCompactor({ ...place, merger: fakeMerger }).run({ before: Number.MAX_SAFE_INTEGER })
  return [...ingested.errors, ...compacted.errors]
}

/** Rows by trace id in every file that a plain glob reads. */
async function rowsOf(storage: CompactorStorage, prefix: string): Promise<string[]> {
  const traceId = columns.findIndex(({ name }) => name === 'traceId')
  const found: string[] = []
  for await (const { key } of storage.list(`${prefix}/`)) {
    if (key.includes('.tmp-')) throw new Error(`${key} was left behind`)
    if (!key.endsWith('.parquet')) continue
    const object = await storage.get(key)
    const { rows } = JSON.parse(Buffer.from(object ? await readAll(object.body) : []).toString())
    found.push(...rows.map((row: unknown[]) => row[traceId]))
  }
  return found.sort()
}

/** Loses a bucket of each kind at every `step`th request of a run, beginning elsewhere each time. */
export function loseAtEveryCall(step: number): void {
  let s3: Awaited<ReturnType<typeof startS3>>
  let r2: Awaited<ReturnType<typeof startR2>>
  beforeAll(async () => {
    ;[s3, r2] = await Promise.all([startS3({ buckets: 2 }), startR2({ buckets: 2 })])
  })
  afterAll(() => Promise.all([s3.stop(), r2.stop()]))

  describe.each(['s3', 'r2'])('a lake in %s', (kind) => {
    it.each(['before', 'after'] as const)(
      'holds every row exactly once when the store is lost at any request, %s it took effect',
      async (how) => {
        const losable = kind === 's3' ? s3.losable() : r2.losable()
        const first = 1 + Math.floor(Math.random() * step)
        let n = first
        while (await loseStore(losable, `${how}${n}`, n, how)) n += step
        expect(n, 'a run makes more requests than that').toBeGreaterThan(first + step)
      },
      600_000,
    )
  })
}
