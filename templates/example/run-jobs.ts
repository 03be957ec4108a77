import type { unstable_startWorker } from 'wrangler'
import { cloudflare } from '../cloudflare.config.ts'

type Worker = Awaited<ReturnType<typeof unstable_startWorker>>

/** Runs the crons of a local Worker, which fire by themselves only once it is deployed. */
export async function runJobs(worker: Worker, _lake: string): Promise<void> {
  for (const cron of [cloudflare.ingestCron, cloudflare.compactCron]) {
    const { status } = await worker.fetch(`http://localhost/cdn-cgi/handler/scheduled?${new URLSearchParams({ cron })}`)
    if (status !== 200) throw new Error(`the run of "${cron}" failed; what it said stands above`)
  }
}
