import { config } from '../../analytics.config.ts'
import { listPartitions } from '../lake/fragments.ts'
import { hourStart } from '../lake/layout.ts'
import type { PipelineError } from '../types.ts'
import { type Env, openBuckets } from './buckets.ts'
import { createJobs, jobOf, report } from './jobs.ts'
import type { Engine, Stores } from './pipeline.ts'

/** A message is about one log, as R2 notifies of it, or about one partition (`YYYY/MM[/DD[/HH]]`). */
type Body = { object: { key: string } } | { partition: string }

/** As much of a queue's message as is used here. */
export interface Message {
  id: string
  body: unknown
  ack(): void
  retry(): void
}

export interface QueueEnv extends Env {
  PARTITIONS: { sendBatch(messages: Iterable<{ body: Body }>): Promise<unknown> }
}

const MESSAGES_PER_CALL = 100

/**
 * Works off messages one by one, on as many consumers at once as the platform likes. One that fails is tried again and
 * ends in the dead letter queue; it holds up no other. Delivered twice, or late, a message changes nothing.
 */
export const createQueue =
  (engine: Engine) =>
  async ({ messages }: { messages: readonly Message[] }, env: QueueEnv): Promise<void> => {
    for (const message of messages) {
      const errors = await handle(message.body, env, engine).catch(({ message }: Error) => [{ where: 'it', message }])
      if (errors.length === 0) message.ack()
      else message.retry()
      if (errors.length > 0) console.error(JSON.stringify({ message: message.id, body: message.body, errors }))
    }
  }

async function handle(body: unknown, env: QueueEnv, engine: Engine): Promise<PipelineError[]> {
  const usage = { calls: 0 }
  const jobs = createJobs(openBuckets(env, usage), engine, usage)
  const { object, partition } = (body ?? {}) as { object?: { key?: unknown }; partition?: unknown }
  if (typeof object?.key === 'string') return (await jobs.ingestLog(object.key)).errors
  if (typeof partition !== 'string') throw new Error('this message names neither a log nor a partition')
  const { errors, left } = await jobs.compact(partition)
  if (errors.length === 0 && left > 0) await env.PARTITIONS.sendBatch([{ body: { partition } }])
  return errors
}

/** The crons beside a queue: one finds the logs that no message told of, the other sends out what is to be compacted. */
export const createQueueScheduled =
  (engine: Engine) =>
  async ({ cron }: { cron: string }, env: QueueEnv): Promise<void> => {
    const job = jobOf(cron)
    if (!env.PARTITIONS) throw new Error('the binding PARTITIONS is missing: add it to "queues" in wrangler.jsonc')
    const usage = { calls: 0 }
    const stores = openBuckets(env, usage)
    const jobs = createJobs(stores, engine, usage)
    await report(job, stores, usage, async () => {
      if (job === 'ingest') return jobs.ingest()
      const sent = await sendPartitions(stores, jobs.before(), env)
      return { ...sent, errors: await jobs.retain() }
    })
  }

/** A message for every partition with a fragment of an hour that ended before `before`. */
async function sendPartitions({ lake }: Stores, before: number, { PARTITIONS }: QueueEnv) {
  const found: { body: Body }[] = []
  for await (const { path, fragments } of listPartitions(lake, config.prefix, config.granularity))
    if (fragments.some(({ hour }) => hourStart(hour) + 3600_000 <= before)) found.push({ body: { partition: path } })
  for (let at = 0; at < found.length; at += MESSAGES_PER_CALL)
    await PARTITIONS.sendBatch(found.slice(at, at + MESSAGES_PER_CALL))
  return { partitions: found.length }
}
