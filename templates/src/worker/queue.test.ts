import { describe, expect, it } from 'vitest'
import { config } from '../../analytics.config.ts'
import { cloudflare } from '../../cloudflare.config.ts'
import { addLog, fakeEnv, logKey, quietly } from '../../test/fake-bucket.ts'
import { fakeMerger } from '../../test/fake-merger.ts'
import { entry, fakeWriter, lines, rowsIn } from '../../test/fakes.ts'
import { partitionOf } from '../lake/layout.ts'
import { createQueue, createQueueScheduled } from './queue.ts'

const engine = { writer: fakeWriter, merger: fakeMerger }
const queue = createQueue(engine)
const handler = createQueueScheduled(engine)
const scheduled: typeof handler = (event, env) => quietly(() => handler(event, env))

/** An env whose messages to itself are kept, and how a batch of these bodies was answered. */
function queueEnv(logs?: Record<string, string>) {
  const sent: unknown[] = []
  const sendBatch = async (messages: Iterable<{ body: unknown }>) => sent.push(...[...messages].map(({ body }) => body))
  const env = { ...fakeEnv(logs), PARTITIONS: { sendBatch } }
  async function deliver(...bodies: unknown[]): Promise<string[]> {
    const answers: string[] = []
    const messages = bodies.map((body, i) => ({
      id: `${i}`,
      body,
      ack: () => answers.push('ack'),
      retry: () => answers.push('retry'),
    }))
    await quietly(() => queue({ messages }, env))
    return answers
  }
  return { env, sent, deliver }
}

const created = (key: string) => ({ bucket: 'my-analytics-logs', action: 'PutObject', object: { key, size: 1 } })
const at = (day: string, traceId: string) => lines(entry({ timestamp: `2026-03-${day}T05:00:00.000Z`, traceId }))
const logs = { [logKey('a.log')]: at('04', 'a'), [logKey('b.log')]: at('05', 'b') }

describe('the queue', () => {
  it('ingests the log that a message names, whatever the order, and however often it comes', async () => {
    const { env, deliver } = queueEnv(logs)
    const [a, b] = [created(logKey('a.log')), created(logKey('b.log'))]
    expect(await deliver(b, a, b)).toEqual(['ack', 'ack', 'ack'])
    await Promise.all([deliver(a), deliver(a, b)])
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b'])
  })

  it('tries again what failed, and only that', async () => {
    const { env, deliver } = queueEnv(logs)
    env.LOGS.before = (method, key) => {
      if (method === 'get' && key === logKey('a.log')) throw new Error('10001: internal error')
    }
    const both = [created(logKey('a.log')), created(logKey('b.log'))]
    expect(await deliver(...both)).toEqual(['retry', 'ack'])
    env.LOGS.before = () => {}
    expect(await deliver(...both)).toEqual(['ack', 'ack'])
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b'])
  })

  it('lets a message that means nothing die, and one about a log that is gone, or is none, pass', async () => {
    const { deliver } = queueEnv()
    expect(await deliver('poison', null, { object: {} })).toEqual(['retry', 'retry', 'retry'])
    expect(await deliver(created(logKey('gone.log')), created('other/x.log'))).toEqual(['ack', 'ack'])
  })

  it('sends out the partitions that have something to compact, and compacts each by itself', async () => {
    const { env, sent, deliver } = queueEnv(logs)
    addLog(env, logKey('now.log'), lines(entry({ timestamp: new Date().toISOString(), traceId: 'now' })))
    await deliver(...['a', 'b', 'now'].map((name) => created(logKey(`${name}.log`))))
    await scheduled({ cron: cloudflare.compactCron }, env)
    const partitions = new Set(['2026030405', '2026030505'].map((hour) => partitionOf(hour, config.granularity)))
    expect(sent).toEqual([...partitions].map((partition) => ({ partition })))
    expect(await deliver(...sent, ...sent)).toEqual([...sent, ...sent].map(() => 'ack'))
    expect([...env.LAKE.storage.objects.keys()].filter((key) => key.endsWith('compacted.parquet'))).toHaveLength(
      partitions.size,
    )
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b', 'now'])
    sent.length = 0
    await scheduled({ cron: cloudflare.compactCron }, env)
    expect(sent).toEqual([])
  })

  it('finds the logs that no message told of', async () => {
    const { env } = queueEnv(logs)
    await scheduled({ cron: cloudflare.ingestCron }, env)
    expect(await rowsIn(env.LAKE.storage)).toEqual(['a', 'b'])
  })
})
