import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { constants, gunzipSync } from 'node:zlib'
import { isGzip } from '../processor/lines.ts'

const TAG = '"stoma_analytics"'
/** How far the first entry is looked for, in bytes of the file: most logs begin with one. */
const [FIRST_LOOK, LAST_LOOK] = [4096, 1 << 20]

/** What the key of a log begins with that goes by its path. */
export const BY_PATH = 'path/'

export type LogHead = { key: string; gzip: boolean }

/**
 * What a log is called for ever: the time and the hash of its first entry, which keeps its place whatever rotation does
 * to the file. A log whose first MiB holds no entry goes by its path.
 */
export async function streamKey(file: FileHandle, path: string, look = FIRST_LOOK): Promise<LogHead> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(look), 0, look, 0)
  const head = buffer.subarray(0, bytesRead)
  const gzip = isGzip(head)
  const isLast = bytesRead < look || look === LAST_LOOK
  const lines = (gzip ? inflateHead(head) : head).toString('latin1', 0, LAST_LOOK).split('\n')
  // A line without an end may not be whole: it counts only where there is no more to look at.
  const first = (isLast ? lines : lines.slice(0, -1)).find((line) => line.includes(TAG))
  if (!first) return isLast ? { key: `${BY_PATH}${path}`, gzip } : streamKey(file, path, LAST_LOOK)
  const time = /"timestamp":"([\d:.TZ-]+)"/.exec(first)?.[1]?.replace(/[-:]/g, '') ?? 'unknown'
  return { key: `${time}-${createHash('sha256').update(first.trim(), 'latin1').digest('hex').slice(0, 16)}`, gzip }
}

/**
 * Up to 4 KiB of a log that reach to `end` at least, of a gzip what its first 4 KiB hold. Empty where that says nothing:
 * another log has the name by now, or it is a copy in the making, with room (NUL) for what is still to come.
 */
export async function pieceOf(file: FileHandle, { key, path, gzip }: LogHead & { path: string }, end: number) {
  const start = gzip ? 0 : Math.max(0, end - FIRST_LOOK)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LOOK), 0, FIRST_LOOK, start)
  const piece = buffer.subarray(0, bytesRead)
  const text = (gzip ? inflateHead(piece) : piece).toString('latin1')
  return text.includes('\0') || (await streamKey(file, path)).key !== key ? '' : text
}

/** As much of a gzip file as its beginning tells; damaged ones, and bombs, are found out when they are read. */
function inflateHead(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 26 })
  } catch {
    return Buffer.alloc(0)
  }
}

/** Passes a log on that goes by its path; throws at an entry: once renamed, the log would be taken for a new one. */
export async function* refuseEntries(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let before = Buffer.alloc(0)
  for await (const chunk of body) {
    const seen = Buffer.concat([before, chunk])
    if (seen.includes(TAG))
      throw new Error(
        'its first entry comes after 1 MiB of other lines; give the entries a file of their own (`capture`)',
      )
    before = seen.subarray(-TAG.length)
    yield chunk
  }
}
