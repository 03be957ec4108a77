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

  async function close(): Promise<void> {
    const last = file
    file = undefined
    await last?.close()
  }

  /** Appends the bytes that are made for this offset of the file. */
  async function write(bytesAt: (offset: number) => Buffer): Promise<void> {
    const isOver = size >= maxBytes || Date.now() - begunAt >= maxAgeSeconds * 1000
    // What is appended to a file that somebody has deleted would be lost without an error.
    if (file && (isOver || (await file.stat()).nlink === 0)) await close()
    if (!file) {
      await mkdir(dir, { recursive: true })
      begunAt = Date.now()
      const time = new Date(begunAt).toISOString().replace(/[-:.]/g, '')
      file = await open(join(dir, `${time}-${process.pid}-${randomBytes(4).toString('hex')}.ndjson`), 'ax')
      size = 0
    }
    const bytes = bytesAt(size)
    size += bytes.length
    await file.appendFile(bytes).catch(async (error) => {
      await close() // it may end within a line, so nothing follows there
      throw error
    })
  }

  return { write, close }
}
