import { describe, expect, it, vi } from 'vitest'
import { config } from '../../templates/analytics.config.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import { createJobs, lastKey } from '../../templates/src/worker/jobs.ts'
import { fakeMerger } from '../../templates/test/fake-merger.ts'
import { entry, fakeWriter, lines, memoryLogs, testLake } from '../../templates/test/fakes.ts'

vi.mock('../../templates/analytics.config.ts', async (original) => {
  const { config } = await original<{ config: object }>()
  return { config: { ...config, keep: '30d' } }
})

/** A lake with a request of long ago and one of today, and the jobs that the Worker would run on it. */
async function worker() {
  const fresh = { timestamp: new Date().toISOString(), traceId: 'fresh' }
  const lake = testLake(memoryLogs({ 'a.ndjson': lines(entry({ traceId: 'old' }), entry(fresh)) }))
  await lake.ingest()
  const engine = { writer: fakeWriter, merger: fakeMerger }
  const jobs = () => createJobs({ logs: memoryStorage(), lake: lake.storage }, engine, { calls: 0 })
  return { lake, retain: () => jobs().retain() }
}

describe('the Worker', () => {
  it('removes what is older than `keep` with the first compaction of a day, and not with the others', async () => {
    const { lake, retain } = await worker()
    await lake.storage.put(lastKey('compact'), Buffer.from('{}'), 'absent')
    expect(await retain()).toEqual([])
    expect(await lake.traceIds()).toEqual(['fresh', 'old'])
    await lake.storage.delete([lastKey('compact')])
    expect(await retain()).toEqual([])
    expect(await lake.traceIds()).toEqual(['fresh'])
    expect(config.keep).toBe('30d')
  })
})
