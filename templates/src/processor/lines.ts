import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Bytes } from '../types.ts'

const NEWLINE = 10
const CARRIAGE_RETURN = 13

/**
 * Cuts bytes into blocks of whole lines, gunzipped where they are gzip, whatever the file is called. Every line has its
 * newline but for the last of a log, which may lack it. null stands for a line longer than allowed that came in pieces.
 * Memory is bounded by a chunk and `maxLineBytes`. A damaged gzip throws.
 */
export async function* readBlocks(
  body: Bytes,
  maxLineBytes: number,
  maxGzipRatio?: number,
): AsyncIterable<Buffer | null> {
  let rest: Buffer[] = []
  let restBytes = 0
  // A line that is too long already is only counted on, not kept.
  const isLong = () => restBytes > maxLineBytes + '\n'.length
  const keep = (piece: Buffer) => {
    restBytes += piece.length
    if (isLong()) rest = []
    else rest.push(Buffer.from(piece)) // its memory is used again
  }
  const finish = () => {
    const line = isLong() ? null : Buffer.concat(rest)
    rest = []
    restBytes = 0
    return line
  }
  for await (const chunk of gunzipped(body, maxGzipRatio)) {
    const start = restBytes ? chunk.indexOf(NEWLINE) + 1 : 0
    if (start) {
      keep(chunk.subarray(0, start))
      yield finish()
    }
    const end = restBytes ? 0 : chunk.lastIndexOf(NEWLINE) + 1
    if (end > start) yield chunk.subarray(start, end)
    if (end < chunk.length) keep(chunk.subarray(end))
  }
  if (restBytes) yield finish()
}

/** The line at `start` of a block without its end, null if it is too long, and where the next one begins. */
export function lineAt(block: Buffer, start: number, maxLineBytes: number, isFirst: boolean) {
  const newline = block.indexOf(NEWLINE, start)
  const end = newline < 0 ? block.length : newline
  const next = end + 1
  if (end - start > maxLineBytes) return { line: null, next }
  const hasMark = isFirst && block[start] === 0xef && block[start + 1] === 0xbb && block[start + 2] === 0xbf
  const hasReturn = end > start && block[end - 1] === CARRIAGE_RETURN
  return { line: block.subarray(hasMark ? start + 3 : start, hasReturn ? end - 1 : end), next }
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
  const whole = async function* (piece: (chunk: Uint8Array) => Buffer) {
    try {
      if (head.length) yield head
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield piece(next.value)
    } finally {
      await chunks.return?.()
    }
  }
  if (!isGzip(head)) return yield* whole(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length))
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  gunzip.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'Z_BUF_ERROR') error.message += ': this gzip is cut short; wait until it is whole, or replace it'
  })
  // What breaks the source also ends the stream below with the same error, so it is told once.
  pipeline(Readable.from(whole(Buffer.from)), gunzip).catch(() => {})
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
