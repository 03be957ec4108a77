import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Miniflare } from 'miniflare'
import { beforeAll, describe, expect, it } from 'vitest'
import { entry } from '../../templates/test/fakes.ts'
import { random } from '../support/generate.ts'
import { traceIds, verify } from './lake.ts'
import { bundleWorker, type Modules, runWorker } from './worker.ts'

/** The Worker as emitted, on buckets of which each call fails by chance: before it took effect, or after. */
const FAULTY_WORKER = `
import { createQueue, createQueueScheduled } from './src/worker/queue.ts'
import { openEngine } from './src/wiring/engine.ts'

const engine = openEngine()
const [queue, scheduled] = [createQueue(engine), createQueueScheduled(engine)]
let chance = 0
let faults = 0

const faulty = (bucket: object) =>
  new Proxy(bucket, {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]) => {
        const dice = Math.random()
        if (dice < chance / 2) throw new Error('injected, before ' + String(name) + (faults++, ''))
        const result = await method.apply(target, args)
        if (dice < chance) throw new Error('injected, after ' + String(name) + (faults++, ''))
        return result
      }
    },
  })
const around = (env: any) => ({ ...env, LOGS: faulty(env.LOGS), LAKE: faulty(env.LAKE) })

export default {
  queue: (batch: any, env: any) => queue(batch, around(env)),
  scheduled: (event: any, env: any) => scheduled(event, around(env)),
  async fetch(request: Request, env: any) {
    const { searchParams } = new URL(request.url)
    chance = Number(searchParams.get('chance') ?? chance)
    if (request.method === 'POST') await env.NOTIFICATIONS.sendBatch((await request.json() as unknown[]).map((body) => ({ body })))
    return Response.json({ faults })
  },
}
`
/** Keeps what reaches the dead letter queue. */
const UNDERTAKER = `export default {
  async queue({ messages }, env) { for (const { id, body } of messages) await env.DEAD.put(id, JSON.stringify(body)) }
}`
const CRONS = { ingest: '37 * * * *', compact: '7 * * * *' }

let modules: Modules
beforeAll(async () => {
  modules = await bundleWorker('cloudflare-campaign', FAULTY_WORKER, '--trigger', 'queue')
}, 120_000)

/** The Worker beside its queues, in workerd. */
function start({ maxRetries = 100 } = {}): Miniflare {
  const consumer = { maxBatchTimeout: 0.1, retryDelay: 0, deadLetterQueue: 'dead', maxRetries }
  const undertaker = {
    ...{ name: 'undertaker', modules: true as const, script: UNDERTAKER, compatibilityDate: '2026-04-01' },
    ...{ r2Buckets: { DEAD: 'dead' }, queueConsumers: { dead: { maxBatchTimeout: 0.1 } } },
  }
  const queues = {
    queueProducers: { PARTITIONS: 'partitions', NOTIFICATIONS: 'notifications' },
    queueConsumers: { partitions: { ...consumer, maxBatchSize: 1 }, notifications: { ...consumer, maxBatchSize: 5 } },
  }
  return runWorker(modules, queues, [undertaker])
}

const ask = async (miniflare: Miniflare, path: string, body?: unknown) => {
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return (await (await miniflare.dispatchFetch(`http://x${path}`, post)).json()) as { faults: number }
}

/** Logs of trace events over three days, and the trace ids in them. */
async function putLogs(miniflare: Miniflare, count: number, next = random(7)) {
  const bucket = await miniflare.getR2Bucket('LOGS', 'main')
  const [keys, ids]: [string[], string[]] = [[], []]
  for (let log = 0; log < count; log++) {
    const lines = Array.from({ length: 40 }, (_, line) => {
      const traceId = `${log}-${line}`
      ids.push(traceId)
      const timestamp = new Date(Date.UTC(2026, 2, 1) + log * 2_400_000 + next() * 7_200_000).toISOString()
      const message = JSON.stringify(entry({ timestamp, traceId }))
      return JSON.stringify({ ScriptName: 'shop', EventType: 'fetch', Logs: [{ Level: 'log', Message: [message] }] })
    })
    const key = `logs/${String(log).padStart(4, '0')}.log.gz`
    await bucket.put(key, new Uint8Array(gzipSync(`${lines.join('\n')}\n`)))
    keys.push(key)
  }
  return { keys, ids: ids.sort() }
}

const notice = (key: string) => ({ action: 'PutObject', bucket: 'logs', object: { key, size: 1 } })

/** Miniflare's own connection to workerd drops now and then: whoever called does not know, and delivers once more. */
async function sturdy<T>(call: () => Promise<T>, left = 5): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (left === 0 || (error as Error).message !== 'fetch failed') throw error
    return sturdy(call, left - 1)
  }
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  for (const start = Date.now(); !(await isDone()); await setTimeout(200))
    if (Date.now() - start > 120_000) throw new Error('it never came to rest')
}

describe('many consumers at once on one lake', () => {
  it('lose nothing and double nothing, whatever fails, comes twice or out of order', async () => {
    const miniflare = start()
    try {
      const { keys, ids } = await putLogs(miniflare, 60)
      await ask(miniflare, '/?chance=0.04')
      const worker = await miniflare.getWorker('main')
      const next = random(3)
      const waiting = keys.flatMap((key) => Array.from({ length: 1 + Math.floor(next() * 2.5) }, () => notice(key)))
      const shuffled = () => waiting.sort(() => next() - 0.5)
      let [deliveries, retries] = [0, 0]
      const consume = async () => {
        for (;;) {
          const bodies = shuffled().splice(0, 1 + Math.floor(next() * 4))
          if (bodies.length === 0) return
          const message = { timestamp: new Date(), attempts: 1 }
          const messages = bodies.map((body) => ({ ...message, id: randomUUID(), body }))
          deliveries += messages.length
          const { retryMessages } = await sturdy(() => worker.queue('notifications', messages))
          for (const { msgId } of retryMessages) waiting.push(messages.find(({ id }) => id === msgId)?.body as never)
          retries += retryMessages.length
          // The compactor sends partitions through the real queue, while all this goes on.
          if (next() < 0.15) await sturdy(() => worker.scheduled({ cron: CRONS.compact }))
        }
      }
      await Promise.all(Array.from({ length: 6 }, consume))
      const { faults } = await ask(miniflare, '/?chance=0')
      for (const cron of [CRONS.ingest, CRONS.compact]) {
        const { outcome } = await sturdy(() => worker.scheduled({ cron }))
        expect(outcome).toBe('ok')
      }
      const lake = await miniflare.getR2Bucket('LAKE', 'main')
      await until(async () => {
        const { objects } = await lake.list({ prefix: 'analytics/2026/' })
        return objects.every(({ key }) => key.endsWith('/compacted.parquet'))
      })
      expect(await traceIds(miniflare)).toEqual(ids)
      expect(await verify(miniflare)).toMatchObject({ isBalanced: true, imbalances: [] })
      console.log(`${deliveries} deliveries of ${keys.length} logs, ${retries} tried again, ${faults} injected faults`)
      expect(faults).toBeGreaterThan(20)
      expect(retries).toBeGreaterThan(10)
    } finally {
      await miniflare.dispose()
    }
  }, 300_000)

  it('get each log from the real queue, and only poison reaches the dead letters', async () => {
    const miniflare = start({ maxRetries: 2 })
    try {
      const { keys, ids } = await putLogs(miniflare, 20)
      const poison = [{ object: { key: 7 } }, 'nonsense', { partition: 3 }]
      await ask(miniflare, '/', [...keys.map(notice), ...poison, ...keys.slice(0, 5).map(notice)])
      const dead = await miniflare.getR2Bucket('DEAD', 'undertaker')
      await until(async () => (await dead.list()).objects.length === poison.length)
      await until(async () => (await traceIds(miniflare)).length >= ids.length)
      const letters: unknown[] = []
      for (const { key } of (await dead.list()).objects) letters.push(await (await dead.get(key))?.json())
      expect(letters).toHaveLength(poison.length)
      expect(letters).toEqual(expect.arrayContaining(poison))
      expect(await traceIds(miniflare)).toEqual(ids)
    } finally {
      await miniflare.dispose()
    }
  }, 300_000)
})
