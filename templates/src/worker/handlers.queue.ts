import { config } from '../../analytics.config.ts'
import { cloudflare } from '../../cloudflare.config.ts'
import { listPartitions } from '../lake/fragments.ts'
import { hourStart } from '../lake/layout.ts'
import type { PipelineError } from '../types.ts'
import { type Buckets, openBuckets } from './buckets.ts'
import { health, isAllowed } from './health.ts'
import { createJobs, report } from './jobs.ts'
import type { Engine, Stores } from './pipeline.ts'

/** A message is about one log or one partition. */
export interface LogMessage {
  /** As R2 notifies of it. */
  object: { key: string }
}
export interface PartitionMessage {
  /** `YYYY/MM[/DD[/HH]]` */
  partition: string
}

/** As much of a queue's message as is used here. */
export interface Message {
  id: string
  body: unknown
  ack(): void
  retry(): void
}

export interface Env extends Buckets {
  PARTITIONS: { sendBatch(messages: Iterable<{ body: PartitionMessage }>): Promise<unknown> }
  /** A secret; without it `fetch` answers nobody. */
  HEALTH_TOKEN?: string
}

const MESSAGES_PER_CALL = 100

const CRONS: Record<string, 'ingest' | 'compact'> = {
  [cloudflare.ingestCron]: 'ingest',
  [cloudflare.compactCron]: 'compact',
}

/**
 * What the platform calls: `queue` with logs to ingest and partitions to compact, on as many consumers at once as it
 * likes; the crons, which find what no message told of and send out the partitions; and `fetch` for how they went.
 */
export const createHandlers = (engine: Engine) => ({
  async queue({ messages }: { messages: readonly Message[] }, env: Env): Promise<void> {
    const usage = { calls: 0 }
    const stores = openBuckets(env, usage)
    for (const message of messages) {
      const errors = await handle(message.body, stores, env).catch((error: Error) => [
        { where: message.id, message: error.message },
      ])
      // Each message by itself: one that keeps failing ends in the dead letter queue, and holds up no other.
      if (errors.length === 0) message.ack()
      else message.retry()
      if (errors.length > 0) console.error(JSON.stringify({ message: message.id, body: message.body, errors }))
    }

    async function handle(body: unknown, stores: Stores, env: Env): Promise<PipelineError[]> {
      const { object, partition } = (body ?? {}) as Partial<LogMessage & PartitionMessage>
      const jobs = createJobs(stores, engine, usage)
      if (typeof object?.key === 'string') return (await jobs.ingestLog(object.key)).errors
      if (typeof partition !== 'string') throw new Error('this message names neither a log nor a partition')
      const { errors, left } = await jobs.compact(partition)
      if (errors.length === 0 && left > 0) await env.PARTITIONS.sendBatch([{ body: { partition } }])
      return errors
    }
  },

  async scheduled({ cron }: { cron: string }, env: Env): Promise<void> {
    const job = CRONS[cron]
    if (!job) throw new Error(`no job runs at "${cron}": set ingestCron or compactCron in cloudflare.config.ts to it`)
    if (!env.PARTITIONS) throw new Error('the binding PARTITIONS is missing: add it to "queues" in wrangler.jsonc')
    const usage = { calls: 0 }
    const stores = openBuckets(env, usage)
    const jobs = createJobs(stores, engine, usage)
    await report(job, stores, usage, job === 'ingest' ? jobs.ingest : () => sendPartitions(stores, jobs.before(), env))
  },

  async fetch(request: Request, env: Env): Promise<Response> {
    if (!isAllowed(request, env.HEALTH_TOKEN)) return new Response('not found\n', { status: 404 })
    return health(openBuckets(env, { calls: 0 }).lake, Object.values(CRONS))
  },
})

/** A message for every partition with a fragment of an hour that ended before `before`. */
async function sendPartitions({ lake }: Stores, before: number, { PARTITIONS }: Env) {
  const found: { body: PartitionMessage }[] = []
  for await (const { path, fragments } of listPartitions(lake, config.prefix, config.granularity))
    if (fragments.some(({ hour }) => hourStart(hour) + 3600_000 <= before)) found.push({ body: { partition: path } })
  for (let at = 0; at < found.length; at += MESSAGES_PER_CALL)
    await PARTITIONS.sendBatch(found.slice(at, at + MESSAGES_PER_CALL))
  return { partitions: found.length, errors: [] }
}
