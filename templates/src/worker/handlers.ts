import { cloudflare } from '../../cloudflare.config.ts'
import { type Buckets, openBuckets } from './buckets.ts'
import { health, isAllowed } from './health.ts'
import { createJobs, report } from './jobs.ts'
import type { Engine } from './pipeline.ts'

export interface Env extends Buckets {
  /** A secret; without it `fetch` answers nobody. */
  HEALTH_TOKEN?: string
}

const CRONS: Record<string, 'ingest' | 'compact'> = {
  [cloudflare.ingestCron]: 'ingest',
  [cloudflare.compactCron]: 'compact',
}

/** What the platform calls: the jobs by cron, and `fetch` for how they went. */
export const createHandlers = (engine: Engine) => ({
  async scheduled({ cron }: { cron: string }, env: Env): Promise<void> {
    const job = CRONS[cron]
    if (!job) throw new Error(`no job runs at "${cron}": set ingestCron or compactCron in cloudflare.config.ts to it`)
    const usage = { calls: 0 }
    const stores = openBuckets(env, usage)
    await report(job, stores, usage, () => createJobs(stores, engine, usage)[job]())
  },

  async fetch(request: Request, env: Env): Promise<Response> {
    if (!isAllowed(request, env.HEALTH_TOKEN)) return new Response('not found\n', { status: 404 })
    return health(openBuckets(env, { calls: 0 }).lake, Object.values(CRONS))
  },
})
