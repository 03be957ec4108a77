import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Bytes } from '../types.ts'

const NEWLINE = 10
const CARRIAGE_RETURN = 13

/** A line without its line end; null where it was longer than allowed. */
export type RawLine = Buffer | null

/**
 * Cuts bytes into lines, gunzipped where they are gzip, whatever the file is called. Yields the lines of a chunk at a
 * time; the last line needs no newline. Memory is bounded by a chunk and `maxLineBytes`. A damaged gzip throws.
 */
export async function* readLines(body: Bytes, maxLineBytes: number, maxGzipRatio?: number): AsyncIterable<RawLine[]> {
  let rest: Buffer[] = []
  let restBytes = 0
  let first = true
  const finish = (end: Buffer): RawLine => {
    const tooLong = restBytes + end.length > maxLineBytes
    let line = tooLong ? null : restBytes ? Buffer.concat([...rest, end]) : end
    rest = []
    restBytes = 0
    if (line && first && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3)
    first = false
    return line?.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
  }
  for await (const chunk of gunzipped(body, maxGzipRatio)) {
    const lines: RawLine[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(finish(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) {
      restBytes += chunk.length - start
      // A line that is too long already is only counted on, not kept.
      rest = restBytes > maxLineBytes ? [] : [...rest, chunk.subarray(start)]
    }
    if (lines.length) yield lines
  }
  if (restBytes) yield [finish(Buffer.alloc(0))]
}

export const isGzip = (head: Uint8Array) => head[0] === 0x1f && head[1] === 0x8b

/** Begin with these bytes, hex: Zstandard, bzip2, xz, ZIP. */
const UNREADABLE = ['28b52ffd', '425a68', 'fd377a58', '504b0304']

/** Throws where a log begins as files do that are compressed otherwise; six bytes are enough to tell. */
export function refuseOtherCompression(head: Buffer): void {
  if (UNREADABLE.some((magic) => head.toString('hex').startsWith(magic)))
    throw new Error('compressed with something else than gzip, which is not read; unpack it, or compress with gzip')
}

/** The text of a line; null where it is not UTF-8. */
export function decode(line: Buffer): string | null {
  const text = line.toString('utf8')
  return text.includes('\ufffd') && !isUtf8(line) ? null : text
}

/**
 * Sniffs gzip by its first two bytes. `createGunzip` because DecompressionStream throws on a second gzip member. Throws
 * where it inflates to more than `maxRatio` times its size, but not before `bombBytes`: small logs may be that uniform.
 */
export async function* gunzipped(body: Bytes, maxRatio = 200, bombBytes = 1 << 26): AsyncIterable<Buffer> {
  const chunks = body[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < 2) {
    const { done, value } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const whole = (async function* () {
    try {
      if (head.length) yield head
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield asBuffer(next.value)
    } finally {
      await chunks.return?.()
    }
  })()
  if (!isGzip(head)) return yield* whole
  const gunzip = createGunzip({ chunkSize: 1 << 20 })
  // What breaks the source also ends the stream below with the same error, so it is told once.
  pipeline(Readable.from(whole), gunzip).catch(() => {})
  let inflated = 0
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    inflated += chunk.length
    if (inflated > bombBytes && inflated > gunzip.bytesWritten * maxRatio)
      throw new Error(
        `inflates to more than ${maxRatio} times its size, as gzip bombs do; if it is a log, raise \`maxGzipRatio\` in src/wiring/stores.ts`,
      )
    yield chunk
  }
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
