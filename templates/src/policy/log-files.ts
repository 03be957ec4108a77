import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'

export interface LogFilesOptions {
  /** Made when it is missing. */
  dir: string
  /** Bytes, default 64 MiB, and seconds, default 300, after which a new file is begun. */
  maxBytes?: number
  maxAgeSeconds?: number
}

/** NDJSON files that are only appended to; a name is never used twice. Wait for each write before the next one. */
export function logFiles({ dir, maxBytes = 64 * 2 ** 20, maxAgeSeconds = 300 }: LogFilesOptions) {
  let file: FileHandle | undefined
  let size = 0
  let begunAt = 0
  let midLine = false

  async function close(): Promise<void> {
    const last = file
    file = undefined
    await last?.close()
  }

  async function current(): Promise<FileHandle> {
    const full = size >= maxBytes || Date.now() - begunAt >= maxAgeSeconds * 1000
    // Whatever is appended to a file that somebody has deleted would be lost without an error.
    if (file && !midLine && (full || (await file.stat()).nlink === 0)) await close()
    if (file) return file
    await mkdir(dir, { recursive: true })
    const now = new Date()
    const name = `${now.toISOString().replace(/[-:.]/g, '')}-${process.pid}-${randomBytes(4).toString('hex')}.ndjson`
    file = await open(join(dir, name), 'ax')
    size = 0
    begunAt = now.getTime()
    return file
  }

  /** Appends the bytes made for this offset in the file. When that fails, no line is left cut in two. */
  async function write(bytesAt: (offset: number) => Buffer): Promise<void> {
    const target = await current()
    const bytes = bytesAt(size)
    let written = 0
    try {
      while (written < bytes.length) written += (await target.write(bytes, written)).bytesWritten
    } catch (error) {
      const whole = bytes.subarray(0, written).lastIndexOf('\n') + 1
      await target.truncate(size + whole).catch(() => {}) // the error to tell is the first one
      midLine = false
      await close()
      throw error
    }
    size += bytes.length
    midLine = bytes.at(-1) !== 10
  }

  return { write, close }
}
