import { fragmentKey, fragmentName, type Granularity, type Hour, hourOf, markKey, seenKey } from '../lake/layout.ts'
import { ensureLake, readMark, writeMark } from '../lake/state.ts'
import { SCHEMA_VERSION } from '../schema.ts'
import type { Column, CompactorStorage, LogSource, Mark, ParquetBatch, ParquetWriter, SourceRange } from '../types.ts'
import { type ReadEntry, type ReadOptions, readEntries, startReading } from './entries.ts'
import { listPending, type Pending } from './pending.ts'
import { createRejectedLines } from './rejected.ts'
import { addCounts, emptyResult, type IngestResult } from './result.ts'

export interface ProcessorOptions extends ReadOptions {
  source: LogSource
  storage: CompactorStorage
  writer: ParquetWriter
  columns: readonly Column[]
  prefix: string
  granularity: Granularity
  /** Rows buffered over all hours together before they are written out. */
  maxEntriesPerFile?: number
  /** The same in bytes. */
  maxBufferBytes?: number
  /** Delete a source once it is ingested whole. */
  deleteSources?: boolean
  /** The logs of this run, where somebody shares them out; else all that may hold something new. */
  pending?: AsyncIterable<Pending>
  /** Asked before each source: once it is true, the run starts no new one, and the next run goes on. */
  isSpent?: (result: IngestResult) => boolean
  onProgress?: (result: IngestResult) => void
}

export type { IngestResult } from './result.ts'

export interface Processor {
  /** Ingests what is new. A source that fails is in `errors`, stays where it is and is tried again by the next run. */
  run(): Promise<IngestResult>
}

const HOUR_MS = 3600_000

/** NDJSON in, Parquet fragments and a mark per source out. Safe to run twice, at once and after any crash. */
export function createProcessor(options: ProcessorOptions): Processor {
  const { source, storage, writer, columns, prefix, isSpent, deleteSources = false, now = Date.now } = options

  async function run(): Promise<IngestResult> {
    const result = emptyResult()
    const emptyFile = () => writer.open(columns).finish({ schemaVersion: String(SCHEMA_VERSION) })
    await ensureLake(storage, prefix, options.granularity, { extension: writer.extension, emptyFile })
    const pending = options.pending ?? listPending(source, storage, prefix, deleteSources)
    for await (const { info, newestMark } of pending) {
      if (isSpent?.(result)) {
        result.left++
        break // to list on would cost a call for every thousand sources
      }
      try {
        const newest = newestMark === null ? null : ((await readMark(storage, newestMark))?.mark ?? null)
        const next = await source.next(info, newest)
        const mark = typeof next === 'object' ? await ingest(next) : null
        if (mark) addCounts(result, mark)
        // A copy that was compared, or a log that has been quiet for an hour, need not be opened by every run to come.
        if (next === 'ingested' && (newest?.identity !== info.etag || now() - info.lastModified > 3600_000))
          await storage.put(seenKey(prefix, source.name, info.key, info.etag), new Uint8Array(), 'absent')
        if (next === 'ingested' && deleteSources && (await source.remove(info))) result.deleted++
      } catch (error) {
        result.errors.push({ where: info.path, message: (error as Error).message })
      }
      options.onProgress?.(result)
    }
    return result
  }

  /** Fragments first, the mark last: a source counts from the moment its mark stands, and not before. */
  async function ingest(range: SourceRange): Promise<Mark | null> {
    const { key, path, offset, identity } = range
    const origin = { sourceName: source.name, key, offset }
    const fragments: Mark['fragments'] = []
    let flushes = 0
    const flush = async (hour: Hour, batch: ParquetBatch) => {
      const place = { ...origin, offset: String(offset), flush: String(flushes++) }
      const bytes = await batch.finish({ ...place, schemaVersion: String(SCHEMA_VERSION) })
      const name = fragmentName(hour, origin, bytes, writer.extension)
      await storage.put(fragmentKey(prefix, name), bytes, 'absent') // there already: the same bytes, by its name
      fragments.push({ name, rows: batch.rows })
    }
    const { counts, size } = await store(range, flush)
    const at = new Date(now()).toISOString()
    const sha256 = range.sha256.digest('hex')
    const position = { sourceName: source.name, key, path, offset, identity, size, sha256 }
    const mark: Mark = { ...position, counts, fragments, schemaVersion: SCHEMA_VERSION, at }
    if (await writeMark(storage, prefix, mark)) return mark
    await yieldTo(mark)
    return null
  }

  /** Streams the range into batches, one for each hour, and flushes them all whenever the buffer is full. */
  async function store(range: SourceRange, flush: (hour: Hour, batch: ParquetBatch) => Promise<void>) {
    const { maxEntriesPerFile = 100_000, maxBufferBytes = 64 << 20 } = options
    const batches = new Map<number, ParquetBatch>() // by hours since the epoch
    let [rows, bytes] = [0, 0]
    const flushAll = async () => {
      for (const [hour, batch] of [...batches].sort(([a], [b]) => a - b)) {
        await flush(hourOf(hour * HOUR_MS), batch)
        batches.delete(hour)
      }
      rows = bytes = 0
    }
    const rejected = createRejectedLines()
    const reading = startReading(rejected.add)
    /** Adds an entry, or the line that was scanned last. */
    const add = (timestamp: number, read?: ReadEntry) => {
      const hour = Math.floor(timestamp / HOUR_MS)
      const batch = batches.get(hour) ?? writer.open(columns)
      if (batch.rows > 0) bytes -= batch.bytes
      else batches.set(hour, batch)
      if (read) batch.add(read.entry)
      else batch.addScanned?.()
      bytes += batch.bytes
      reading.counts.rows++
      // Asked after every entry, so that the same log is cut in the same places however its bytes arrive.
      return ++rows >= maxEntriesPerFile || bytes >= maxBufferBytes ? flushAll() : undefined
    }
    const scanner = options.transform ? undefined : writer.openScanner?.(columns)
    await readEntries(range, reading, options, {
      add: (read) => add(read.timestamp, read),
      scanned: scanner && { scanner, add },
    })
    await flushAll()
    await rejected.save(storage, prefix, source.name, range)
    return reading
  }

  /** Another worker's mark stands: its fragments count, those of ours that it does not list go. */
  async function yieldTo(own: Mark): Promise<void> {
    const at = markKey(prefix, own.sourceName, own.key, own.offset)
    const winner = await readMark(storage, at)
    if (!winner) throw new Error(`another worker's mark stands at ${at}, but it cannot be read; run again`)
    const counted = new Set(winner.mark.fragments.map(({ name }) => name))
    const lost = own.fragments.filter(({ name }) => !counted.has(name))
    await storage.delete(lost.map(({ name }) => fragmentKey(prefix, name)))
    // One that read less or more of a growing log is no contradiction: the next run compares what is in with the log.
    if (winner.mark.size === own.size && winner.mark.sha256 !== own.sha256)
      throw new Error('another worker ingested other content under this name. Give new logs a new name')
  }

  return { run }
}
