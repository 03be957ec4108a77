import { describe, expect, it } from 'vitest'
import { compactingLake } from '../../test/fake-merger.ts'
import { entry, lines, memoryLogs } from '../../test/fakes.ts'
import { parseLineage } from '../lake/lineage.ts'
import type { AnalyticsEntry } from '../types.ts'

const at = (time: string, traceId: string) => entry({ timestamp: `2026-03-${time}:00:00.000Z`, traceId })
const mended = (seen: AnalyticsEntry) => ({ ...seen, traceId: `${seen.traceId}+` })

/** Two days, one of them compacted; two logs that each reach into both. */
async function compacted() {
  const source = memoryLogs({
    'a.ndjson': lines(at('04T05', 'a1'), at('04T06', 'a2'), at('05T01', 'a3')),
    'b.ndjson': lines(at('04T05', 'b1'), at('05T02', 'b2'), 'no entry'),
  })
  const lake = compactingLake(source)
  await lake.ingest()
  await lake.compact(Date.parse('2026-03-05T00:00:00Z'))
  return { source, lake }
}

const files = (keys: string[]) => keys.filter((key) => !key.includes('_state'))

describe('replay', () => {
  it('builds every partition anew as the code of today reads the logs, and leaves no fragment', async () => {
    const { lake } = await compacted()
    expect(await lake.replay({ transform: mended })).toMatchObject({ partitions: 2, replayed: 2, rows: 5, errors: [] })
    expect(await lake.traceIds()).toEqual(['a1+', 'a2+', 'a3+', 'b1+', 'b2+'])
    expect(files(lake.keys(''))).toEqual(['04', '05'].map((day) => `analytics/2026/03/${day}/compacted.parquet`))
    expect(lake.keys('.tmp')).toEqual([])
  })

  it('changes nothing for the jobs that come after it', async () => {
    const { source, lake } = await compacted()
    await lake.replay({ transform: mended })
    expect(await lake.ingest()).toMatchObject({ sources: 0 })
    expect(await lake.compact()).toMatchObject({ absorbed: 0, deleted: 0 })
    source.files['late.ndjson'] = lines(at('04T05', 'late'))
    await lake.ingest()
    expect(await lake.compact()).toMatchObject({ absorbed: 1, errors: [] })
    expect(await lake.traceIds()).toEqual(['a1+', 'a2+', 'a3+', 'b1+', 'b2+', 'late'])
  })

  it('keeps the books: what it made more or fewer of stands in the footer, by hour', async () => {
    const { lake } = await compacted()
    await lake.replay({ transform: (seen) => (seen.traceId === 'a1' ? null : seen) })
    const [key = ''] = files(lake.keys('04/compacted.parquet'))
    const { metadata } = JSON.parse(Buffer.from(lake.storage.objects.get(key)?.bytes ?? []).toString())
    expect(parseLineage(metadata, key)).toMatchObject({ rows: 2, adjusted: { '2026030405': -1 } })
  })

  it('refuses a partition of which a log is gone, names it, and goes on with the others', async () => {
    const { source, lake } = await compacted()
    source.files['c.ndjson'] = lines(at('06T01', 'c1'))
    await lake.ingest()
    delete source.files['a.ndjson']
    const result = await lake.replay({ transform: mended })
    expect(result.errors.map(({ where }) => where)).toEqual(['2026/03/04', '2026/03/05'])
    expect(result.errors[0]?.message).toMatch(/gone.*a\.ndjson/)
    expect(await lake.traceIds()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1+'])
  })

  it('refuses a transform that moves entries between partitions: some would be lost or doubled', async () => {
    const { lake } = await compacted()
    const moved = await lake.replay({ transform: (seen) => ({ ...seen, timestamp: '2026-03-09T00:00:00.000Z' }) })
    expect(moved.errors).toHaveLength(2)
    expect(await lake.traceIds()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
  })

  it('can be stopped at any call to the store and run again', async () => {
    for (let survives = 0, done = false; !done; survives++) {
      const { lake } = await compacted()
      let calls = 0
      const dying = { ...lake.storage }
      for (const name of ['put', 'delete', 'head', 'get'] as const) {
        const call = lake.storage[name] as (...args: unknown[]) => Promise<unknown>
        Object.assign(dying, { [name]: async (...args: unknown[]) => (calls++ < survives ? call(...args) : stop()) })
      }
      done = (await lake.replay({ storage: dying, transform: mended }).catch(() => null))?.errors.length === 0
      await lake.replay({ transform: mended })
      expect(await lake.traceIds()).toEqual(['a1+', 'a2+', 'a3+', 'b1+', 'b2+'])
      expect(lake.keys('.tmp')).toEqual([])
    }
  })
})

function stop(): never {
  throw new Error('the process died here')
}
