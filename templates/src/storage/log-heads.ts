import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { constants, gunzipSync } from 'node:zlib'

const HEAD_BYTES = 1 << 16
const TAG = '"stoma_analytics"'

/** Begin with these bytes, hex: Zstandard, bzip2, xz, ZIP. */
const UNREADABLE = ['28b52ffd', '425a68', 'fd377a58', '504b0304']

export const isGzip = (head: Uint8Array) => head[0] === 0x1f && head[1] === 0x8b

export function refuseOtherCompression(head: Buffer): void {
  if (UNREADABLE.some((magic) => head.toString('hex').startsWith(magic)))
    throw new Error('compressed with something else than gzip, which is not read; unpack it, or compress with gzip')
}

/**
 * What a log is called for ever: the time and the hash of its first entry, which keeps its place whatever rotation does
 * to the file. A log whose first 64 KiB hold no entry goes by its path, and must keep it.
 */
export async function streamKey(file: FileHandle, path: string): Promise<{ key: string; gzip: boolean }> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * HEAD_BYTES), 0, 2 * HEAD_BYTES, 0)
  const head = buffer.subarray(0, bytesRead)
  const gzip = isGzip(head)
  const text = (gzip ? inflateHead(head) : head).toString('latin1', 0, HEAD_BYTES)
  const first = text.split('\n').find((line) => line.includes(TAG))
  if (!first) return { key: `path/${path}`, gzip }
  const time = /"timestamp":"([\d:.TZ-]+)"/.exec(first)?.[1]?.replace(/[-:]/g, '') ?? 'unknown'
  const hash = createHash('sha256').update(first.trim(), 'latin1').digest('hex').slice(0, 16)
  return { key: `${time}-${hash}`, gzip }
}

/** As much of a gzip file as its beginning tells; damaged ones are found out when they are read. */
function inflateHead(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return Buffer.alloc(0)
  }
}
