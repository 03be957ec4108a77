/** What this pipeline is and how it is tuned. Every value is yours to change; the commands take each as a flag too. */
export const config = {
  /** Where raw logs are read from. */
  source: './logs',
  /** Where the Parquet files live. */
  lake: './lake',
  /** The folder of this pipeline in the lake. */
  prefix: 'analytics',
  /** What one compacted file covers: hour, day or month. Fixed for the life of a lake. */
  granularity: 'day',
  /** Rows held in memory before they are written out. More rows make fewer, larger fragments. */
  maxEntriesPerFile: 100_000,
  /** Processes that ingest at once where many logs wait, as far as there are cores. Each holds rows of its own in memory. */
  workers: 4,
  /** Seconds a log file must have been quiet before its last, unfinished line counts as finished. */
  settle: 5,
  /** Hours are compacted once they are this old, so that compaction never meets active ingest. */
  before: '24h',
  /** How long rows are kept, such as '400d': `retention` removes whole partitions older than that. 'forever': never. */
  keep: 'forever',
  /** Delete a raw log file once it is ingested. Kept by default, so that it can be replayed. */
  deleteSources: false,
} as const
