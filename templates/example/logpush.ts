import { setTimeout } from 'node:timers/promises'
import type { R2Bucket } from '@cloudflare/workers-types'
import { config } from '../analytics.config.ts'
import { cloudflare } from '../cloudflare.config.ts'
import { type Invocation, logObject } from './trace-events.ts'

interface Env {
  LOGS: R2Bucket
  ANALYTICS: { scheduled(options: { cron: string }): Promise<{ outcome: string }> }
}

const BATCH_MS = 1000
let waiting: Invocation[] = []

/** Puts what the gateway printed into the local bucket, a batch each second, and runs what would run by cron. */
export default {
  async tail(invocations: Invocation[], env: Env): Promise<void> {
    const isFirst = waiting.length === 0
    waiting.push(...invocations.map(copyOf))
    if (!isFirst) return // the first of a batch takes it along
    await setTimeout(BATCH_MS)
    const { key, body } = logObject(config.source, waiting)
    waiting = []
    await env.LOGS.put(key, body)
    for (const cron of [cloudflare.ingestCron, cloudflare.compactCron]) {
      const { outcome } = await env.ANALYTICS.scheduled({ cron })
      if (outcome !== 'ok') console.error(`the run of "${cron}" failed; what it said stands above`)
    }
  },
}

/** What the runtime hands over belongs to one invocation: the batch outlives it. */
const copyOf = (invocation: Invocation): Invocation => JSON.parse(JSON.stringify(invocation))
