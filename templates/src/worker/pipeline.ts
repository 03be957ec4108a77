import { cloudflare } from '../../cloudflare.config.ts'
import { createRetention, type RetentionLimits } from '../../maintenance/retention.ts'
import { type CompactorOptions, createCompactor } from '../compactor/index.ts'
import { createReplay } from '../compactor/replay.ts'
import { transform } from '../custom/transform.ts'
import type { Granularity } from '../lake/layout.ts'
import { createProcessor, type ProcessorOptions } from '../processor/index.ts'
import { columns } from '../schema.ts'
import { objectLogs } from '../storage/object-logs.ts'
import type { CompactorStorage, LogSource, ParquetMerger, ParquetWriter } from '../types.ts'
import { parseLine } from '../wiring/format.ts'
import { parseTime } from './settings.ts'

/** The values of `analytics.config.ts` that the jobs go by. */
export interface PipelineSettings {
  source: string
  prefix: string
  granularity: Granularity
  maxEntriesPerFile: number
  before: string
  deleteSources: boolean
}

/** The two buckets: bindings in the Worker, whatever holds them elsewhere. */
export interface Stores {
  logs: CompactorStorage
  lake: CompactorStorage
}

export interface Engine {
  writer: ParquetWriter
  merger: ParquetMerger
}

/** Bytes buffered over all hours: longer labels must not fill the Worker's memory. */
const MAX_BUFFER_BYTES = 16 << 20

/** Joins the jobs to what they work with. */
export function wire(settings: PipelineSettings, stores: Stores, { writer, merger }: Engine) {
  const { prefix, granularity, maxEntriesPerFile, deleteSources } = settings
  const source = objectLogs(stores.logs, { name: cloudflare.logsBucket, prefix: settings.source })
  const place = { storage: stores.lake, columns, prefix, granularity }
  const reading = { writer, parseLine, transform, maxEntriesPerFile, maxBufferBytes: MAX_BUFFER_BYTES }
  const sourceExists = async (name: string, key: string) => name !== source.name || source.exists(key)
  const before = () => parseTime(settings.before, Date.now(), 'before')
  return {
    lake: { ...place, readMetadata: merger.readMetadata },
    ingest(limits: Pick<ProcessorOptions, 'isSpent'> = {}) {
      return createProcessor({ ...place, ...reading, source, deleteSources, ...limits }).run()
    },
    /** Ingests this log alone; nothing where it is gone, or where the key is none of a log. */
    ingestLog(key: string) {
      const list: LogSource['list'] = async function* () {
        const info = key.startsWith(settings.source) ? await stores.logs.head(key) : null
        if (info) yield { ...info, path: key }
      }
      return createProcessor({ ...place, ...reading, source: { ...source, list }, deleteSources }).run()
    },
    /** Of all partitions, or of the one at this path. */
    compact(limits: Pick<CompactorOptions, 'isSpent' | 'maxFragments'> = {}, partition?: string) {
      const compactor = createCompactor({ ...place, merger, sourceExists, ...limits })
      return compactor.run({ before: before(), ...(partition && { partition }) })
    },
    before,
    /** Rebuilds the partitions that lie between these times, in milliseconds since the epoch, from the raw logs. */
    replay(window: { from: number; to: number }) {
      return createReplay({ ...place, ...reading, source, merger }).run(window)
    },
    /** Removes the partitions that ended before this time; a dry run changes nothing. */
    retention(limits: RetentionLimits) {
      return createRetention({ ...place, merger }).run(limits)
    },
  }
}
