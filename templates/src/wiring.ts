import { type CompactResult, createCompactor } from './compactor/index.ts'
import { createReplay, type ReplayResult } from './compactor/replay.ts'
import { transform } from './custom/transform.ts'
import type { Granularity } from './lake/layout.ts'
import { localPins } from './lake/pins.ts'
import { duckdbWasmParquetMerger, duckdbWasmParquetWriter } from './parquet/duckdb-wasm.ts'
import { parseLine } from './processor/formats/standard.ts'
import { createProcessor, type IngestResult } from './processor/index.ts'
import { columns } from './schema.ts'
import { localStorageAdapter } from './storage/local.ts'
import { localLogs } from './storage/logs.ts'
import { parseTime, UsageError } from './worker/settings.ts'

/** The values of `analytics.config.ts`, as they stand after the flags. */
export interface Settings {
  source: string
  lake: string
  prefix: string
  granularity: Granularity
  maxEntriesPerFile: number
  settle: number
  before: string
  deleteSources: boolean
}

export type JobResult = IngestResult | CompactResult | ReplayResult
export type Job = (onProgress: (result: JobResult) => void, flags: { from?: string; to?: string }) => Promise<JobResult>

/** The one place where interfaces meet their implementations: change a storage, an engine or a format here. */
export function wire(settings: Settings) {
  const { prefix, granularity, maxEntriesPerFile, deleteSources } = settings
  const source = localLogs(settings.source, { settleMs: settings.settle * 1000 })
  const storage = localStorageAdapter(settings.lake)
  const merger = duckdbWasmParquetMerger()
  const place = { storage, columns, prefix, granularity }
  const reading = { source, writer: duckdbWasmParquetWriter(), parseLine, transform, maxEntriesPerFile }
  return {
    lake: { ...place, readMetadata: merger.readMetadata, openPins: () => localPins(settings.lake) },
    jobs: {
      ingest(onProgress: (result: IngestResult) => void) {
        return createProcessor({ ...place, ...reading, deleteSources, onProgress }).run()
      },
      compact(onProgress: (result: CompactResult) => void) {
        const sourceExists = async (name: string, key: string) => name !== source.name || source.exists(key)
        const before = parseTime(settings.before)
        return createCompactor({ ...place, merger, sourceExists, onProgress }).run({ before })
      },
      replay(onProgress: (result: ReplayResult) => void, { from, to }: { from?: string; to?: string }) {
        if (!from || !to)
          throw new UsageError('replay wants --from and --to: it rebuilds the whole partitions in between')
        const window = { from: parseTime(from), to: parseTime(to) }
        return createReplay({ ...place, ...reading, merger, onProgress }).run(window)
      },
    },
  }
}
