import { type Hour, hourOf } from '../lake/layout.ts'
import type { AnalyticsEntry, ParseLine, RejectReason, SourceCounts, SourceRange } from '../types.ts'
import { decode, readLines } from './lines.ts'

export interface ReadOptions {
  parseLine: ParseLine
  transform?: (entry: AnalyticsEntry) => AnalyticsEntry | null
  /** A longer line is counted as rejected and not kept in memory. */
  maxLineBytes?: number
  /** A gzip that inflates to more than so many times its size is refused. */
  maxGzipRatio?: number
  /** An entry this far in the future is rejected: its clock is wrong, and its partition would never be compacted. */
  maxFutureMs?: number
  now?: () => number
}

/** Where the entries of a range go. */
export interface EntrySink {
  /** An entry as `transform` left it, with its hour, and as it was read. */
  add(entry: AnalyticsEntry, hour: Hour, original: AnalyticsEntry): void
  reject(lineNumber: number, reason: RejectReason, detail: string, line: string): void
  /** Asked after every line, so that the same log is cut in the same places however its bytes arrive. */
  isFull(): boolean
  flush(): Promise<void>
}

const TYPE_TAG = Buffer.from('"stoma_analytics"')

/** Reads a range to its end, and counts its lines; the `rows` are counted by whoever stores them. */
export async function readEntries(
  range: SourceRange,
  options: ReadOptions,
  sink: EntrySink,
): Promise<{ counts: SourceCounts; size: number }> {
  const { parseLine, transform, maxLineBytes = 1 << 20, maxFutureMs = 24 * 3600_000, now = Date.now } = options
  const counts: SourceCounts = { lines: 0, extra: 0, entries: 0, foreign: 0, rejected: {}, dropped: 0, rows: 0 }
  const latest = now() + maxFutureMs
  const reject = (reason: RejectReason, detail: string, line: string) => {
    counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1
    sink.reject(counts.lines, reason, detail, line)
  }
  const readLine = (line: Buffer | null) => {
    counts.lines++
    if (line === null) return reject('too-long', `longer than ${maxLineBytes} bytes`, '')
    if (!line.includes(TYPE_TAG)) {
      counts.foreign++
      return
    }
    const text = decode(line)
    if (text === null) return reject('encoding', 'not UTF-8', line.toString('latin1'))
    const parsed = parseLine(text)
    counts.extra += parsed.length - 1
    for (const item of parsed) {
      if (item.kind === 'foreign') counts.foreign++
      else if (item.kind === 'rejected') reject(item.reason, item.detail, text)
      else if (Date.parse(item.entry.timestamp) > latest) reject('future', item.entry.timestamp, text)
      else {
        counts.entries++
        const entry = transform ? transform(item.entry) : item.entry
        if (entry) sink.add(entry, hourOf(Date.parse(entry.timestamp)), item.entry)
        else counts.dropped++
      }
    }
  }
  let size = 0
  for await (const lines of readLines(
    observe(range, (bytes) => (size += bytes)),
    maxLineBytes,
    options.maxGzipRatio,
  )) {
    for (const line of lines) {
      readLine(line)
      if (sink.isFull()) await sink.flush()
    }
  }
  return { counts, size }
}

/** The range's bytes, hashed and counted as they pass. */
async function* observe({ body, sha256 }: SourceRange, count: (bytes: number) => void): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    sha256.update(chunk)
    count(chunk.length)
    yield chunk
  }
}
