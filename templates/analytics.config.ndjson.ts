/** What this pipeline is and how it is tuned. Every value is yours to change; the commands take each as a flag too. */
export const config = {
  /** Where raw logs are read from. */
  source: './logs',
  /** Where the ingested files live. */
  lake: './lake',
  /** The folder of this pipeline in the lake. */
  prefix: 'analytics',
  /** Named in the lake for good, for the day it moves to Parquet: hour, day or month. */
  granularity: 'day',
  /** Rows held in memory before they are written out. More rows make fewer, larger fragments. */
  maxEntriesPerFile: 100_000,
  /** Seconds a log file must have been quiet before its last, unfinished line counts as finished. */
  settle: 5,
  /** Delete a raw log file once it is ingested. Kept by default, so that it can be replayed. */
  deleteSources: false,
} as const
