import { type Ingest, ingestTogether } from '../parallel/pool.ts'
import { type CompactResult, createCompactor } from './compactor/index.ts'
import { createReplay, type ReplayResult } from './compactor/replay.ts'
import { transform } from './custom/transform.ts'
import type { Granularity } from './lake/layout.ts'
import { createProcessor, type IngestResult } from './processor/index.ts'
import { listPending } from './processor/pending.ts'
import { columns } from './schema.ts'
import { openEngine } from './wiring/engine.ts'
import { parseLine } from './wiring/format.ts'
import { openStores, type StoreSettings } from './wiring/stores.ts'
import { parseTime, UsageError } from './worker/settings.ts'

/** The values of `analytics.config.ts`, as they stand after the flags. */
export interface Settings extends StoreSettings {
  prefix: string
  granularity: Granularity
  maxEntriesPerFile: number
  workers: number
  before: string
  keep: string
  deleteSources: boolean
}

export type JobResult = IngestResult | CompactResult | ReplayResult
export type Job = (onProgress: (result: JobResult) => void, flags: { from?: string; to?: string }) => Promise<JobResult>

/** Joins the jobs to what they work with. Which storage, engine and format that is, the files in `wiring/` say. */
export function wire(settings: Settings) {
  const { prefix, granularity, maxEntriesPerFile, deleteSources } = settings
  const { source, storage, openPins } = openStores(settings)
  const { writer, merger } = openEngine()
  const place = { storage, columns, prefix, granularity }
  const reading = { source, writer, parseLine, transform, maxEntriesPerFile }
  const ingest: Ingest = (pending, onProgress) =>
    createProcessor({ ...place, ...reading, deleteSources, pending, onProgress }).run()
  return {
    ingest,
    lake: { ...place, readMetadata: merger.readMetadata, openPins },
    jobs: {
      ingest(onProgress: (result: IngestResult) => void) {
        const pending = listPending(source, storage, prefix, deleteSources)
        return ingestTogether(pending, { settings, ingest, onProgress })
      },
      compact(onProgress: (result: CompactResult) => void) {
        const sourceExists = async (name: string, key: string) => name !== source.name || source.exists(key)
        const before = parseTime(settings.before)
        return createCompactor({ ...place, merger, sourceExists, onProgress }).run({ before })
      },
      replay(onProgress: (result: ReplayResult) => void, { from, to }: { from?: string; to?: string }) {
        if (!from || !to || parseTime(from) >= parseTime(to))
          throw new UsageError('replay wants --from and a later --to: it rebuilds the whole partitions in between')
        const window = { from: parseTime(from), to: parseTime(to) }
        return createReplay({ ...place, ...reading, merger, onProgress }).run(window)
      },
    },
  }
}
