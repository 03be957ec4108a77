import type { AnalyticsEntry, LineScanner, ParseLine, RejectReason, SourceCounts, SourceRange } from '../types.ts'
import { decode, lineAt, readBlocks } from './lines.ts'

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

/** What was read so far: the `rows` are counted by whoever stores them. */
export interface Reading {
  counts: SourceCounts
  /** Raw bytes. */
  size: number
  reject(lineNumber: number, reason: RejectReason, detail: string, line: string): void
}

export interface ReadEntry {
  /** As `transform` left it, with its time in milliseconds since the epoch, and as it was read. */
  entry: AnalyticsEntry
  timestamp: number
  original: AnalyticsEntry
}

/** Takes entries in the order of their lines. The next one waits for the promise that it may give. */
export interface EntrySink {
  add(read: ReadEntry): Promise<void> | undefined
  /** Lines that the scanner takes are not parsed, no `transform` sees them, and `add` follows each. */
  scanned?: { scanner: LineScanner; add(timestamp: number): Promise<void> | undefined }
}

export function startReading(reject: Reading['reject'] = () => {}): Reading {
  const counts = { lines: 0, extra: 0, entries: 0, foreign: 0, rejected: {}, dropped: 0, rows: 0 }
  return { counts, size: 0, reject }
}

/** Reads a range to its end and counts every line. */
export async function readEntries(range: SourceRange, reading: Reading, options: ReadOptions, sink: EntrySink) {
  const { parseLine, transform, maxLineBytes = 1 << 20, maxFutureMs = 24 * 3600_000, now = Date.now } = options
  const { counts } = reading
  const latest = now() + maxFutureMs
  const tags = parseLine.tags.map((tag) => Buffer.from(tag))
  let found: ReadEntry[] = []
  const reject = (reason: RejectReason, detail: string, line: string) => {
    counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1
    reading.reject(counts.lines, reason, detail, line)
  }
  const transformed = (entry: AnalyticsEntry) => {
    try {
      return transform ? transform(entry) : entry
    } catch (cause) {
      throw new Error(`line ${counts.lines}: transform threw: ${(cause as Error).message}`, { cause })
    }
  }
  const readLine = (line: Buffer | null) => {
    counts.lines++
    if (line === null) return reject('too-long', `longer than ${maxLineBytes} bytes`, '')
    if (!tags.some((tag) => line.includes(tag))) {
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
        const entry = transformed(item.entry)
        if (entry) found.push({ entry, timestamp: Date.parse(entry.timestamp), original: item.entry })
        else counts.dropped++
      }
    }
  }
  const { scanned } = sink
  for await (const block of readBlocks(observe(range, reading), maxLineBytes, options.maxGzipRatio)) {
    if (block === null) readLine(null)
    for (let start = 0; block && start < block.length; ) {
      const end = scanned ? scanned.scanner.scan(block, start) : -1
      if (scanned && end > 0 && end - start <= maxLineBytes && scanned.scanner.timestamp <= latest) {
        counts.lines++
        counts.entries++
        const full = scanned.add(scanned.scanner.timestamp)
        if (full) await full
        start = end
        continue
      }
      const { line, next } = lineAt(block, start, maxLineBytes, counts.lines === 0)
      readLine(line)
      for (const read of found) await sink.add(read)
      found = []
      start = next
    }
  }
}

/** The range's bytes, hashed and counted as they pass. */
async function* observe({ body, sha256 }: SourceRange, reading: Reading): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    sha256.update(chunk)
    reading.size += chunk.length
    yield chunk
  }
}
