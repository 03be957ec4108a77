import { transform } from './custom/transform.ts'
import type { Granularity } from './lake/layout.ts'
import { ndjsonPassthroughWriter } from './parquet/ndjson-passthrough.ts'
import { parseLine } from './processor/formats/standard.ts'
import { createProcessor, type IngestResult } from './processor/index.ts'
import { columns } from './schema.ts'
import { localStorageAdapter } from './storage/local.ts'
import { localLogs } from './storage/logs.ts'

/** The values of `analytics.config.ts`, as they stand after the flags. */
export interface Settings {
  source: string
  lake: string
  prefix: string
  granularity: Granularity
  maxEntriesPerFile: number
  settle: number
  deleteSources: boolean
}

export type JobResult = IngestResult
export type Job = (onProgress: (result: JobResult) => void, flags: { from?: string; to?: string }) => Promise<JobResult>

/** The one place where interfaces meet their implementations: change a storage, an engine or a format here. */
export function wire(settings: Settings) {
  const { prefix, granularity, maxEntriesPerFile, deleteSources } = settings
  const source = localLogs(settings.source, { settleMs: settings.settle * 1000 })
  const storage = localStorageAdapter(settings.lake)
  const place = { storage, columns, prefix, granularity }
  return {
    lake: { ...place, lakeDir: settings.lake },
    jobs: {
      ingest(onProgress: (result: IngestResult) => void) {
        const seams = { writer: ndjsonPassthroughWriter(), parseLine, transform }
        return createProcessor({ ...place, ...seams, source, maxEntriesPerFile, deleteSources, onProgress }).run()
      },
    },
  }
}
