import { describe, expect, it } from 'vitest'
import { config } from '../../analytics.config.ts'
import { cloudflare } from '../../cloudflare.config.ts'
import { fakeEnv, logKey, quietly } from '../../test/fake-bucket.ts'
import { fakeMerger } from '../../test/fake-merger.ts'
import { entry, fakeWriter, lines, rowsIn } from '../../test/fakes.ts'
import { compactedKey, partitionOf } from '../lake/layout.ts'
import { createScheduled } from './crons.ts'

const handler = createScheduled({ writer: fakeWriter, merger: fakeMerger })
const scheduled: typeof handler = (event, env) => quietly(() => handler(event, env))
const [ingest, compact] = [{ cron: cloudflare.ingestCron }, { cron: cloudflare.compactCron }]
const logs = { [logKey('a.log')]: lines(entry({ traceId: 'a' })), [logKey('b.log')]: lines(entry({ traceId: 'b' })) }

describe('the crons', () => {
  it('ingest what is in the bucket of logs, and compact what is old', async () => {
    const env = fakeEnv({ ...logs, 'other/c.log': lines(entry({ traceId: 'c' })) })
    await scheduled(ingest, env)
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b'])
    await scheduled(compact, env)
    const files = [...env.LAKE.storage.objects.keys()].filter((key) => /\d\/[^/]+\.parquet$/.test(key))
    expect(files).toEqual([compactedKey(config.prefix, partitionOf('2026030405', config.granularity))])
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b'])
  })

  it('fail with a run that failed, so that the platform sees it, and go on with the other logs', async () => {
    const env = fakeEnv(logs)
    env.LOGS.before = (method, key) => {
      if (method === 'get' && key === logKey('a.log')) throw new Error('10001: internal error')
    }
    await expect(scheduled(ingest, env)).rejects.toThrow(
      `bucket LOGS (${cloudflare.logsBucket}): get of ${logKey('a.log')} failed: 10001: internal error`,
    )
    expect(await rowsIn(env.LAKE.storage)).toEqual(['b'])
    env.LOGS.before = () => {}
    await scheduled(ingest, env)
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b'])
  })

  it('name the binding that is missing, and the cron that nobody knows', async () => {
    await expect(scheduled(ingest, { LAKE: fakeEnv().LAKE } as never)).rejects.toThrow(
      'the binding LOGS is missing: add it to "r2_buckets" in wrangler.jsonc',
    )
    await expect(scheduled({ cron: '1 1 1 1 1' }, fakeEnv())).rejects.toThrow('no job runs at "1 1 1 1 1"')
  })
})
