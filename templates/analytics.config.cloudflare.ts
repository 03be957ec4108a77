/** What this pipeline is and how it is tuned. Every value is yours to change; the commands take each as a flag too. */
export const config = {
  /** Raw logs are the objects of the bucket LOGS whose key begins so. */
  source: 'logs/',
  /** What report, query and verify read: the local buckets of `dev`, or `https://<account id>.r2.cloudflarestorage.com`. */
  lake: '.wrangler/state',
  /** The folder of this pipeline in the bucket LAKE. */
  prefix: 'analytics',
  /** What one compacted file covers: hour, day or month. Fixed for the life of a lake. */
  granularity: 'day',
  /** Rows held in memory before they are written out: a Worker has 128 MB for everything. */
  maxEntriesPerFile: 20_000,
  /** Hours are compacted once they are this old, so that compaction never meets active ingest. */
  before: '24h',
  /** How long rows are kept, such as '400d': once a day the Worker removes whole partitions older than that. First ask it
   * what that would be: `POST /retention?keep=400d&dry`. 'forever': never. */
  keep: 'forever',
  /** Delete a raw log once it is ingested. Kept by default, so that it can be ingested anew; a lifecycle rule ends it. */
  deleteSources: false,
} as const
