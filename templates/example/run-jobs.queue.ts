import { setTimeout } from 'node:timers/promises'
import type { unstable_startWorker } from 'wrangler'
import { config } from '../analytics.config.ts'
import { cloudflare } from '../cloudflare.config.ts'
import { withStorage } from '../query/lake.ts'
import { listPartitions } from '../src/lake/fragments.ts'
import { hourStart } from '../src/lake/layout.ts'
import { parseTime } from '../src/worker/settings.ts'

type Worker = Awaited<ReturnType<typeof unstable_startWorker>>

const MAX_WAIT_MS = 60_000

/**
 * Runs the crons of a local Worker, which fire by themselves only once it is deployed: the one finds the logs, which no
 * message told of here; the other sends partitions through the local queue.
 */
export async function runJobs(worker: Worker, lake: string): Promise<void> {
  for (const cron of [cloudflare.ingestCron, cloudflare.compactCron]) {
    const { status } = await worker.fetch(`http://localhost/cdn-cgi/handler/scheduled?${new URLSearchParams({ cron })}`)
    if (status !== 200) throw new Error(`the run of "${cron}" failed; what it said stands above`)
  }
  for (const start = Date.now(); !(await isCompacted(lake)); await setTimeout(500))
    if (Date.now() - start > MAX_WAIT_MS) throw new Error('the messages to compact were not handled within a minute')
}

/** The queue works beside us: it is done when no fragment of an hour that may be compacted is left. */
const isCompacted = (lake: string): Promise<boolean> =>
  withStorage({ ...config, lake }, async ({ storage, prefix, granularity }) => {
    const before = parseTime(config.before)
    for await (const { fragments } of listPartitions(storage, prefix, granularity))
      if (fragments.some(({ hour }) => hourStart(hour) + 3600_000 <= before)) return false
    return true
  })
