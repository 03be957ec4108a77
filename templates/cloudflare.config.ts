/** What the Worker has to know of the platform. Its bindings and schedules are in wrangler.jsonc. */
export const cloudflare = {
  /** The Worker's name in wrangler.jsonc: what it logs itself is never ingested. */
  worker: 'my-analytics',
  /** The buckets' names in wrangler.jsonc. That of the logs stands in the lake for good. */
  logsBucket: 'my-analytics-logs',
  lakeBucket: 'my-analytics-lake',
  /** Which cron of wrangler.jsonc, in UTC, runs which job. */
  ingestCron: '*/5 * * * *',
  compactCron: '7 * * * *',
  /** Calls to R2 that the platform allows a run: 10,000 on Workers Paid. */
  subrequests: 10_000,
  /** A run starts nothing new after so many lines, at 3 to 9 µs of CPU each, or so many seconds; the next one goes on. */
  linesPerRun: 2_000_000,
  secondsPerRun: 240,
} as const
