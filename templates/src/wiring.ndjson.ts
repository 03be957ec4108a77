import { transform } from './custom/transform.ts'
import type { Granularity } from './lake/layout.ts'
import { createProcessor, type IngestResult } from './processor/index.ts'
import { columns } from './schema.ts'
import { openEngine } from './wiring/engine.ts'
import { parseLine } from './wiring/format.ts'
import { openStores, type StoreSettings } from './wiring/stores.ts'

/** The values of `analytics.config.ts`, as they stand after the flags. */
export interface Settings extends StoreSettings {
  prefix: string
  granularity: Granularity
  maxEntriesPerFile: number
  deleteSources: boolean
}

export type JobResult = IngestResult
export type Job = (onProgress: (result: JobResult) => void, flags: { from?: string; to?: string }) => Promise<JobResult>

/** Joins the jobs to what they work with. Which storage, engine and format that is, the files in `wiring/` say. */
export function wire(settings: Settings) {
  const { prefix, granularity, maxEntriesPerFile, deleteSources } = settings
  const { source, storage, openPins } = openStores(settings)
  const place = { storage, columns, prefix, granularity }
  return {
    lake: { ...place, openPins },
    jobs: {
      ingest(onProgress: (result: IngestResult) => void) {
        const seams = { ...openEngine(), parseLine, transform }
        return createProcessor({ ...place, ...seams, source, maxEntriesPerFile, deleteSources, onProgress }).run()
      },
    },
  }
}
