import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogSource, Mark, ObjectInfo, SourceRange } from '../types.ts'
import { ifMissing, readRange } from './local.ts'

const DAY_MS = 24 * 3600_000
const NEWLINE = 10

export interface LocalLogsOptions {
  /** Names these logs in the lake for ever, whatever the folder is called later. */
  name?: string
  /** A file younger than this is read up to its last newline, an older one to its end. */
  settleMs?: number
}

/**
 * Log files in a folder and its subfolders, also such as still grow: what follows an earlier mark is a range of its own.
 * Hidden files are not read; symbolic links neither, or one file could count twice.
 */
export function localLogs(folder: string, { name = 'logs', settleMs = 5000 }: LocalLogsOptions = {}): LogSource {
  return {
    name,
    // Files carry this machine's clock, which may be set back: look again at all that changed about a day ago.
    recheckMs: DAY_MS,

    async *list() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
        throw new Error(`${folder}: cannot read the log folder; create it or set \`source\``, { cause })
      })
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      const keys = paths.map((path) => path.slice(join(folder, '/').length).replaceAll('\\', '/'))
      const visible = keys.filter((key) => !`/${key}`.includes('/.'))
      const ordered = visible.map((key) => [encodeURIComponent(key), key] as const).sort(([a], [b]) => (a < b ? -1 : 1))
      for (const [, key] of ordered) {
        const info = await infoOf(folder, key)
        if (info) yield info
      }
    },

    async next({ key }, newest) {
      const file = await open(join(folder, key)).catch(ifMissing)
      if (!file) return null
      let opened: SourceRange | null = null
      try {
        opened = await nextRange(file, key, newest, settleMs)
        return opened
      } finally {
        if (!opened) await file.close()
      }
    },

    exists: async (key) => (await infoOf(folder, key)) !== null,

    async remove(key, identity) {
      const info = await infoOf(folder, key)
      // Whoever has it open could still write to it, and the line would be lost: a day of silence is asked for.
      if (info?.etag !== identity || Date.now() - info.lastModified < DAY_MS) return false
      await unlink(join(folder, key))
      return true
    },
  }
}

async function nextRange(
  file: FileHandle,
  key: string,
  newest: Mark | null,
  settleMs: number,
): Promise<SourceRange | null> {
  const stats = await file.stat({ bigint: true })
  const [size, identity] = [Number(stats.size), identityOf(stats)]
  const offset = newest ? newest.offset + newest.size : 0
  if (size === offset && newest?.identity === identity) return null
  const sha256 = createHash('sha256')
  if (newest) {
    const changed = () =>
      new Error(`${key}: its first ${offset} bytes are not those ingested before. Give new logs a new name`)
    if (size < offset) throw changed()
    for await (const chunk of readRange(file, 0, offset, false)) sha256.update(chunk)
    if (sha256.copy().digest('hex') !== newest.sha256) throw changed()
  }
  const settled = Date.now() - Number(stats.mtimeMs) >= settleMs
  const end = settled ? size : await afterLastNewline(file, offset, size)
  if (end <= offset) return null
  return { key, offset, identity, body: readRange(file, offset, end), sha256 }
}

/** Position after the last newline in `[start, end)`; `start` when there is none, or when the range is compressed. */
async function afterLastNewline(file: FileHandle, start: number, end: number): Promise<number> {
  const { buffer: head, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, start)
  if (bytesRead === 2 && head.readUInt16BE() === 0x1f8b) return start // a gzip file is whole or nothing
  for (let to = end; to > start; ) {
    const from = Math.max(start, to - (1 << 16))
    const { buffer } = await file.read(Buffer.alloc(to - from), 0, to - from, from)
    const at = buffer.lastIndexOf(NEWLINE)
    if (at >= 0) return from + at + 1
    to = from
  }
  return start
}

function identityOf(stats: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `${stats.dev}-${stats.ino}-${stats.size}-${stats.mtimeNs}`
}

/** LastModified is the later of content and inode change: the former can be set to anything, the latter cannot. */
async function infoOf(folder: string, key: string): Promise<ObjectInfo | null> {
  const stats = await stat(join(folder, key), { bigint: true }).catch(ifMissing)
  if (!stats) return null
  const lastModified = Math.max(Number(stats.mtimeNs), Number(stats.ctimeNs)) / 1e6
  return { key, size: Number(stats.size), etag: identityOf(stats), lastModified }
}
