import { type Env, openBuckets } from './buckets.ts'
import { createJobs, jobOf, report } from './jobs.ts'
import type { Engine } from './pipeline.ts'

/** Runs the job whose cron it is. */
export const createScheduled =
  (engine: Engine) =>
  async ({ cron }: { cron: string }, env: Env): Promise<void> => {
    const job = jobOf(cron)
    const usage = { calls: 0 }
    const stores = openBuckets(env, usage)
    const jobs = createJobs(stores, engine, usage)
    await report(job, stores, usage, async () => {
      const result = await jobs[job]()
      return job === 'compact' ? { ...result, errors: [...result.errors, ...(await jobs.retain())] } : result
    })
  }
