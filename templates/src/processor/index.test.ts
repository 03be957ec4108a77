import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { entry, lines, memoryLogs, testLake } from '../../test/fakes.ts'
import type { AnalyticsEntry } from '../types.ts'

const id = (n: number) => n.toString(16).padStart(32, '0')
const three = lines(entry({ traceId: id(1) }), entry({ traceId: id(2) }), entry({ traceId: id(3) }))

describe('processor', () => {
  it('stores every entry and counts every line', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': `${three}server started\n\n{"_type":"stoma_analytics"}\n` }))
    const result = await lake.ingest()
    expect(result).toMatchObject({ sources: 1, lines: 6, entries: 3, foreign: 2, malformed: 1, rows: 3, errors: [] })
    expect(await lake.traceIds()).toEqual([id(1), id(2), id(3)])
  })

  it('does nothing the second time', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': three }))
    await lake.ingest()
    const before = new Map(lake.storage.objects)
    expect(await lake.ingest()).toMatchObject({ sources: 0, lines: 0, fragments: 0 })
    expect(lake.storage.objects).toEqual(before)
  })

  it('puts an entry into the hour in which the request began', async () => {
    const lake = testLake(
      memoryLogs({
        'a.ndjson': lines(
          entry({ timestamp: '2026-03-04T23:59:59.999Z' }),
          entry({ timestamp: '2026-03-05T00:00:00.000Z' }),
          entry({ timestamp: '2026-03-05T01:30:00+02:00' }),
        ),
      }),
    )
    await lake.ingest()
    const folders = lake.keys('.parquet').filter((key) => !key.includes('_state'))
    expect(folders.map((key) => key.slice(0, 23))).toEqual(['analytics/2026/03/04/23', 'analytics/2026/03/05/00'])
  })

  it('writes whenever the buffer is full, so memory does not grow with the file', async () => {
    const many = lines(...Array.from({ length: 25 }, (_, n) => entry({ traceId: id(n) })))
    const lake = testLake(memoryLogs({ 'a.ndjson': many }))
    expect(await lake.ingest({ maxEntriesPerFile: 10 })).toMatchObject({ fragments: 3, rows: 25 })
    expect(await lake.traceIds()).toHaveLength(25)
  })

  it('reads gzip of several members, whatever the name says', async () => {
    const members = [gzipSync(three), gzipSync(lines(entry({ traceId: id(4) })))]
    const lake = testLake(memoryLogs({ 'a.txt': Buffer.concat(members), 'b.gz': lines(entry({ traceId: id(5) })) }))
    expect(await lake.ingest()).toMatchObject({ sources: 2, rows: 5, errors: [] })
  })

  it('leaves a truncated gzip for the next run and goes on with the others', async () => {
    const lake = testLake(memoryLogs({ 'a.gz': gzipSync(three).subarray(0, -12), 'b.ndjson': three }))
    const result = await lake.ingest()
    expect(result.errors.map(({ where }) => where)).toEqual(['a.gz'])
    expect(result.rows).toBe(3)
    expect(lake.keys('.json').filter((key) => key.includes('a.gz'))).toEqual([])
  })

  it('keeps rejected lines with the reason and the line number', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': `${three}{"_type":"stoma_analytics", cut` }))
    expect(await lake.ingest()).toMatchObject({ rejected: { json: 1 }, rows: 3 })
    const [key = ''] = lake.keys('.ndjson')
    const kept = Buffer.from(lake.storage.objects.get(key)?.bytes ?? []).toString()
    expect(JSON.parse(kept.split('\n')[1] ?? '')).toMatchObject({ lineNumber: 4, reason: 'json' })
  })

  it('rejects an entry of the day after tomorrow', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': three }))
    const now = () => Date.parse('2026-03-01T00:00:00Z')
    expect(await lake.ingest({ now })).toMatchObject({ rejected: { future: 3 }, rows: 0, fragments: 0 })
  })

  it('lets transform change and drop entries, and counts what it dropped', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': three }))
    const result = await lake.ingest({
      transform: (seen) => (seen.traceId === id(2) ? null : { ...seen, traceId: 'x' }),
    })
    expect(result).toMatchObject({ entries: 3, dropped: 1, rows: 2 })
    expect(await lake.traceIds()).toEqual(['x', 'x'])
  })

  it('names the line at which transform throws, and ingests the source once that is mended', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': three }))
    const broken = (seen: AnalyticsEntry) => {
      if (seen.traceId === id(2)) throw new Error('no such label')
      return seen
    }
    const { errors, rows } = await lake.ingest({ transform: broken })
    expect(errors).toEqual([{ where: 'a.ndjson', message: 'line 2: transform threw: no such label' }])
    expect(rows).toBe(0)
    expect(await lake.ingest()).toMatchObject({ rows: 3, errors: [] })
  })

  it('refuses other content under a name it has ingested before', async () => {
    const source = memoryLogs({ 'a.ndjson': three })
    const lake = testLake(source)
    await lake.ingest()
    source.files['a.ndjson'] = lines(entry({ traceId: id(9) }))
    expect((await lake.ingest()).errors).toMatchObject([{ where: 'a.ndjson' }])
    expect(await lake.traceIds()).toEqual([id(1), id(2), id(3)])
  })

  it('refuses to run on a lake of another granularity, and says what to do', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': three }))
    await lake.ingest()
    await expect(lake.ingest({ granularity: 'hour' })).rejects.toThrow(/partitioned by day.*another prefix/)
  })

  it('starts no new source once its budget is spent, and the next run goes on', async () => {
    const lake = testLake(memoryLogs({ 'a.ndjson': three, 'b.ndjson': three, 'c.ndjson': three }))
    const isSpent = ({ sources }: { sources: number }) => sources >= 2
    expect(await lake.ingest({ isSpent })).toMatchObject({ sources: 2, left: 1, errors: [] })
    expect(await lake.ingest({ isSpent })).toMatchObject({ sources: 1, left: 0 })
  })

  it('deletes a source only when asked, and only once its mark stands', async () => {
    const source = memoryLogs({ 'a.ndjson': three })
    const lake = testLake(source)
    await lake.ingest()
    expect(Object.keys(source.files)).toEqual(['a.ndjson'])
    expect(await lake.ingest({ deleteSources: true })).toMatchObject({ deleted: 1 })
    expect(Object.keys(source.files)).toEqual([])
  })
})
