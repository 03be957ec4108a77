import { describe, expect, it } from 'vitest'
import { compactingLake } from '../../test/fake-merger.ts'
import { entry, lines, memoryLogs } from '../../test/fakes.ts'

const at = (hour: string, traceId: string) => entry({ timestamp: `2026-03-04T${hour}:00:00.000Z`, traceId })

/** A lake of one day with two ingested sources, four fragments in all. */
async function ingested() {
  const source = memoryLogs({
    'a.ndjson': lines(at('05', 'a5'), at('06', 'a6')),
    'b.ndjson': lines(at('05', 'b5'), at('07', 'b7')),
  })
  const lake = compactingLake(source)
  await lake.ingest()
  return { source, lake }
}

const all = ['a5', 'a6', 'b5', 'b7']

describe('compactor', () => {
  it('merges the fragments of a partition into one file and deletes them', async () => {
    const { lake } = await ingested()
    expect(await lake.compact()).toMatchObject({ compacted: 1, absorbed: 4, deleted: 4, rows: 4, errors: [] })
    const files = lake.keys('.parquet').filter((key) => !key.includes('_state'))
    expect(files).toEqual(['analytics/2026/03/04/compacted.parquet'])
    expect(await lake.traceIds()).toEqual(all)
  })

  it('does nothing the second time', async () => {
    const { lake } = await ingested()
    await lake.compact()
    const before = new Map(lake.storage.objects)
    expect(await lake.compact()).toMatchObject({ compacted: 0, skipped: 1, deleted: 0 })
    expect(lake.storage.objects).toEqual(before)
  })

  it('takes only hours that ended before the cutoff', async () => {
    const { lake } = await ingested()
    expect(await lake.compact(Date.parse('2026-03-04T06:00:00Z'))).toMatchObject({ absorbed: 2, rows: 2 })
    expect(await lake.traceIds()).toEqual(all)
    expect(await lake.compact()).toMatchObject({ absorbed: 2, rows: 4 })
    expect(await lake.traceIds()).toEqual(all)
  })

  it('looks at no more fragments of a partition than it may, and goes on with the others in the next run', async () => {
    const { lake } = await ingested()
    const runs = []
    do runs.push(await lake.compact(undefined, { maxFragments: 3 }))
    while (runs.at(-1)?.left)
    expect(runs).toMatchObject([
      { absorbed: 3, left: 1 },
      { absorbed: 1, left: 0, rows: 4 },
    ])
    expect(await lake.traceIds()).toEqual(all)
  })

  it('compacts a single partition when it is named', async () => {
    const { source, lake } = await ingested()
    source.files['c.ndjson'] = lines(entry({ timestamp: '2026-03-05T01:00:00.000Z', traceId: 'c1' }))
    await lake.ingest()
    expect(await lake.compact(undefined, {}, '2026/03/05')).toMatchObject({ partitions: 1, compacted: 1, rows: 1 })
    expect(lake.keys('.parquet').filter((key) => key.includes('/2026/03/04/'))).toHaveLength(4)
    expect(await lake.traceIds()).toEqual([...all, 'c1'])
  })

  it('adds late data to a partition that was compacted before', async () => {
    const { source, lake } = await ingested()
    await lake.compact()
    source.files['late.ndjson'] = lines(at('05', 'late'))
    await lake.ingest()
    expect(await lake.compact()).toMatchObject({ compacted: 1, absorbed: 1, rows: 5 })
    expect(await lake.traceIds()).toEqual([...all, 'late'])
  })

  it('deletes what a clean-up that was cut short left behind', async () => {
    const { lake } = await ingested()
    const fragments = [...lake.storage.objects].filter(([key]) => key.includes('/05/'))
    await lake.compact()
    for (const [key, object] of fragments) lake.storage.objects.set(key, object)
    expect(await lake.compact()).toMatchObject({ compacted: 0, deleted: 2 })
    expect(await lake.traceIds()).toEqual(all)
  })

  it('leaves a fragment without a mark alone: its source is still being ingested', async () => {
    const { lake } = await ingested()
    for (const key of lake.keys('.json')) if (key.includes('a.ndjson')) lake.storage.objects.delete(key)
    expect(await lake.compact()).toMatchObject({ absorbed: 2, deleted: 2, rows: 2 })
    expect(lake.keys('.parquet').filter((key) => /\/20260304\d\d-/.test(key))).toHaveLength(2)
    await lake.ingest()
    await lake.compact()
    expect(await lake.traceIds()).toEqual(all)
  })

  it('deletes a fragment that its mark does not list', async () => {
    const { source, lake } = await ingested()
    const files = new Map(lake.storage.objects)
    // The same source with another `transform`: other bytes under other names, left by a run that died.
    for (const key of lake.keys('.json')) if (key.includes('a.ndjson')) lake.storage.objects.delete(key)
    await lake.ingest({ transform: (seen) => ({ ...seen, gatewayName: 'other' }) })
    for (const [key, object] of files) lake.storage.objects.set(key, object)
    expect(Object.keys(source.files)).toContain('a.ndjson')
    await lake.compact()
    expect(await lake.traceIds()).toEqual(all)
  })

  it('discards its work when another compactor committed first', async () => {
    const { lake } = await ingested()
    const { put } = lake.storage
    lake.storage.put = async (key, body, condition) => {
      lake.storage.put = put
      if (key.endsWith('compacted.parquet')) await lake.compact()
      return put(key, body, condition)
    }
    expect(await lake.compact()).toMatchObject({ compacted: 0, conflicts: 1 })
    expect(await lake.traceIds()).toEqual(all)
  })

  it('leaves a partition to the next run whose compacted file was replaced since it was listed', async () => {
    const { source, lake } = await ingested()
    await lake.compact()
    source.files['late.ndjson'] = lines(at('05', 'late'))
    await lake.ingest()
    const { get } = lake.storage
    lake.storage.get = async (...args) => (args[0].endsWith('compacted.parquet') ? null : get(...args))
    expect(await lake.compact()).toMatchObject({ compacted: 0, conflicts: 1, errors: [] })
    lake.storage.get = get
    await lake.compact()
    expect(await lake.traceIds()).toEqual([...all, 'late'])
  })

  it('recognises its own commit when the write was reported as failed', async () => {
    const { lake } = await ingested()
    const { put } = lake.storage
    lake.storage.put = async (...args) => {
      await put(...args)
      throw new Error('timed out')
    }
    expect(await lake.compact()).toMatchObject({ compacted: 1, absorbed: 4, errors: [] })
    expect(await lake.traceIds()).toEqual(all)
  })

  it('names a file it cannot read, leaves it alone and goes on with the rest', async () => {
    const { lake } = await ingested()
    const [broken = ''] = lake.keys('.parquet').filter((key) => key.includes('/06/'))
    lake.storage.objects.set(broken, { bytes: Buffer.from('PAR1'), lastModified: 0 })
    const result = await lake.compact()
    expect(result.errors.map(({ where }) => where)).toEqual([broken])
    expect(result.absorbed).toBe(3)
    expect(lake.keys('.parquet')).toContain(broken)
  })
})
