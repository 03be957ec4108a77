import { config } from '../../analytics.config.ts'
import { cloudflare } from '../../cloudflare.config.ts'
import type { PipelineError } from '../types.ts'
import type { Usage } from './buckets.ts'
import { type Engine, type Stores, wire } from './pipeline.ts'
import { parseTime } from './settings.ts'

export const JOBS = ['ingest', 'compact'] as const
export type JobName = (typeof JOBS)[number]

/** The job whose cron it is. */
export function jobOf(cron: string): JobName {
  if (cron === cloudflare.ingestCron) return 'ingest'
  if (cron === cloudflare.compactCron) return 'compact'
  throw new Error(`no job runs at "${cron}": set ingestCron or compactCron in cloudflare.config.ts to it`)
}

/** What a run came to: the job's own counts, and what it took. */
export interface Outcome {
  /** When it began, ISO 8601. */
  at: string
  milliseconds: number
  /** Calls to R2. */
  calls: number
  errors: PipelineError[]
}

export const lastKey = (job: JobName) => `${config.prefix}/_state/last/${job}.json`

/** The jobs, within what the platform allows a run: each starts nothing new once that could be exceeded. */
export function createJobs(stores: Stores, engine: Engine, usage: Usage) {
  const pipeline = wire(config, stores, engine)
  const startedAt = Date.now()
  const isLate = () => Date.now() - startedAt >= cloudflare.secondsPerRun * 1000
  // The log that is begun last may take a call for each hour and flush of it, the last partition four for each fragment.
  const most = { log: cloudflare.subrequests / 10, fragments: Math.floor(cloudflare.subrequests / 10) }
  return {
    ...pipeline,
    ingest: () =>
      pipeline.ingest({
        isSpent: ({ lines }) =>
          lines >= cloudflare.linesPerRun || usage.calls > cloudflare.subrequests - most.log || isLate(),
      }),
    /** Once a day, with the first compaction of the day by UTC; nothing where rows are kept for ever. */
    async retain(): Promise<PipelineError[]> {
      if (config.keep === 'forever') return []
      const last = await stores.lake.head(lastKey('compact'))
      if (last && dayOf(last.lastModified) === dayOf(startedAt)) return []
      const isSpent = () => usage.calls > (cloudflare.subrequests * 3) / 4 || isLate()
      return (await pipeline.retention({ before: parseTime(config.keep, startedAt, 'keep'), isSpent })).errors
    },
    compact: (partition?: string) =>
      pipeline.compact(
        { maxFragments: most.fragments, isSpent: () => usage.calls > cloudflare.subrequests / 2 || isLate() },
        partition,
      ),
  }
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/**
 * Runs a job and keeps what it came to in the lake, for `fetch`. Throws where anything went wrong, so that the platform
 * counts the invocation as failed and its alarms see it.
 */
export async function report(
  name: JobName,
  { lake }: Stores,
  usage: Usage,
  job: () => Promise<{ errors: PipelineError[] }>,
): Promise<void> {
  const startedAt = Date.now()
  const failed = ({ message }: Error): { errors: PipelineError[] } => ({ errors: [{ where: config.prefix, message }] })
  const result = await job().catch(failed)
  const times = { at: new Date(startedAt).toISOString(), milliseconds: Date.now() - startedAt, calls: usage.calls }
  const outcome: Outcome = { ...times, ...result }
  console.log(JSON.stringify({ job: name, ...outcome }))
  const key = lastKey(name)
  const write = async () => {
    const before = await lake.head(key)
    await lake.put(key, Buffer.from(JSON.stringify(outcome)), before ? { ifMatch: before.etag } : 'absent')
  }
  await write().catch((error: Error) => result.errors.push({ where: key, message: error.message }))
  if (result.errors.length > 0)
    throw new Error(`${name}: ${result.errors.map(({ where, message }) => `${where}: ${message}`).join('; ')}`)
}
