import { describe, expect, it } from 'vitest'
import { config } from '../../analytics.config.ts'
import { fakeEnv, logKey, quietly } from '../../test/fake-bucket.ts'
import { fakeMerger } from '../../test/fake-merger.ts'
import { entry, fakeWriter, lines, rowsIn } from '../../test/fakes.ts'
import { partitionOf } from '../lake/layout.ts'
import { openBuckets } from './buckets.ts'
import { createFetch } from './fetch.ts'
import { createJobs, JOBS, type JobName, report } from './jobs.ts'

const engine = { writer: fakeWriter, merger: fakeMerger }
const fetch = createFetch(engine)
type Env = ReturnType<typeof fakeEnv>

const ask = (env: Env, path = '/', { token = 'a secret', method = 'GET' } = {}) =>
  fetch(new Request(`https://x${path}`, { method, headers: { authorization: `Bearer ${token}` } }), env)

async function run(env: Env, job: JobName): Promise<void> {
  const usage = { calls: 0 }
  const stores = openBuckets(env, usage)
  await quietly(() => report(job, stores, usage, () => createJobs(stores, engine, usage)[job]()))
}

describe('fetch', () => {
  it('answers nobody but whoever knows the secret, and nobody at all without one', async () => {
    const env = fakeEnv()
    expect((await ask(env, '/', { token: 'a guess' })).status).toBe(404)
    expect((await fetch(new Request('https://x/'), env)).status).toBe(404)
    expect((await ask({ ...env, ANALYTICS_TOKEN: '' }, '/', { token: '' })).status).toBe(404)
    expect((await ask(env)).status).not.toBe(404)
  })

  it('tells what the last runs came to, and says 503 unless all went well', async () => {
    const env = fakeEnv({ [logKey('a.log')]: lines(entry()) })
    expect((await ask(env)).status).toBe(503)
    for (const job of JOBS) await run(env, job)
    const well = await ask(env)
    expect(well.status).toBe(200)
    expect(await well.json()).toMatchObject({ ingest: { rows: 1, errors: [] }, compact: { absorbed: 1, errors: [] } })

    env.LOGS.before = () => {
      throw new Error('out of order')
    }
    await expect(run(env, 'ingest')).rejects.toThrow('out of order')
    const ill = await ask(env)
    expect(ill.status).toBe(503)
    expect(JSON.stringify(await ill.json())).toContain('out of order')
  })

  it('rebuilds partitions from the raw logs', async () => {
    const env = fakeEnv({ [logKey('a.log')]: lines(entry({ traceId: 'a' })) })
    for (const job of JOBS) await run(env, job)
    const replay = await ask(env, '/replay?from=2026-03-01&to=2026-04-01', { method: 'POST' })
    expect(await replay.json()).toMatchObject({ replayed: 1, rows: 1, errors: [] })
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a'])
    expect((await ask(env, '/replay?from=yesterday', { method: 'POST' })).status).toBe(400)
    expect((await ask(env, '/replay?from=2026-03-01&to=2026-04-01')).status).toBe(404)
  })

  it('removes what is too old, and only tells so in a dry run', async () => {
    const env = fakeEnv({ [logKey('a.log')]: lines(entry({ traceId: 'a' })) })
    for (const job of JOBS) await run(env, job)
    const old = { emptied: [{ path: partitionOf('2026030405', config.granularity), rows: 1 }] }
    const dry = await ask(env, '/retention?keep=1d&dry', { method: 'POST' })
    expect(await dry.json()).toMatchObject(old)
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a'])
    const done = await ask(env, '/retention?keep=1d', { method: 'POST' })
    expect(await done.json()).toMatchObject(old)
    expect(await rowsIn(env.LAKE.storage)).toEqual([])
  })
})
