import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { gunzipped, isGzip, refuseOtherCompression } from '../processor/lines.ts'
import type { Bytes, LogSource, Mark, SourceInfo, SourceRange } from '../types.ts'
import { etagOf, ifMissing, readRange } from './local.ts'
import { BY_PATH, type LogHead, pieceOf, refuseEntries, streamKey } from './log-heads.ts'

const DAY_MS = 24 * 3600_000
const UNREADABLE = 'unreadable/'
const MEND = 'Once nobody writes to it, put a blank behind the { of its first entry: by that entry a log is known'

export interface LocalLogsOptions {
  /** Names these logs in the lake for ever, whatever the folder is called later. */
  name?: string
  /** A file younger than this is read up to its last newline, an older one to its end. */
  settleMs?: number
  /** A gzip that inflates to more than so many times its size is refused. */
  maxGzipRatio?: number
}

/**
 * Log files in a folder and its subfolders. A log is known by its first entry, not by its name: it may grow, be renamed,
 * copied, truncated after a copy, or compressed, and what follows an earlier mark is a range of its own.
 * Hidden files are not read; symbolic links neither, or one file could count twice.
 */
export function localLogs(folder: string, options: LocalLogsOptions = {}): LogSource {
  const { name = 'logs', settleMs = 5000, maxGzipRatio } = options
  return {
    name,
    // Files carry this machine's clock, which may be set back: look again at all that changed about a day ago.
    recheckMs: DAY_MS,
    list: () => listLogs(folder),

    next: (info, newest) =>
      withLog<SourceRange | 'ingested' | 'later'>(join(folder, info.path), 'later', (file) =>
        nextRange(file, info, newest, { settleMs, maxGzipRatio }),
      ),

    reopen: ({ key, path, etag: identity }, { offset, size }) =>
      withLog<SourceRange | null>(join(folder, path), null, async (file) => {
        const { buffer: head } = await file.read(Buffer.alloc(2), 0, 2, 0)
        const end = isGzip(head) ? (await file.stat()).size : offset + size
        const { bytes, rest, sha256 } = await bytesFrom(file, offset, end, isGzip(head), maxGzipRatio)
        return { key, path, offset, identity, body: follow(rest ?? new Uint8Array(), bytes, file, size), sha256 }
      }),

    async exists(key) {
      for await (const info of listLogs(folder)) if (info.key === key || info.key.startsWith(UNREADABLE)) return true
      return false
    },

    async remove({ path, etag }) {
      const info = await statLog(folder, path)
      // Whoever has it open could still write to it, and the line would be lost: a day of silence is asked for.
      if (info?.etag !== etag || Date.now() - info.lastModified < DAY_MS) return false
      await unlink(join(folder, path))
      return true
    },
  }
}

type ListedLog = SourceInfo & LogHead

/**
 * In the order of their marks; of files that begin alike only the one that says most, plain text before gzip, for they
 * are copies of each other. One that is no copy is listed, too: `next` refuses whichever of them is not in the lake.
 */
async function* listLogs(folder: string): AsyncIterable<SourceInfo> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    const why = cause.code === 'ENOENT' ? '' : ` (${cause.message})`
    throw new Error(`${folder}: cannot read the log folder${why}; create it or set \`source\``, { cause })
  })
  const files = entries.filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, '/'))
  const logs = new Map<string, ListedLog>()
  const twins: SourceInfo[] = []
  for (const path of paths.filter((path) => !`/${path}`.includes('/.'))) {
    const info = await statLog(folder, path)
    if (!info?.size) continue
    // One that cannot be read is listed all the same, so that `next` says why and the others go on.
    const unreadable = { key: `${UNREADABLE}${path}`, gzip: false }
    const head = await withLog(join(folder, path), null, (file) => streamKey(file, path)).catch(() => unreadable)
    if (!head) continue
    const log: ListedLog = { ...info, ...head }
    const known = logs.get(head.key)
    const saysMore = known?.gzip === log.gzip ? log.size > known.size : !log.gzip
    const [most, less] = !known || saysMore ? [log, known] : [known, log]
    logs.set(head.key, most)
    if (!less || !(await differ(folder, most, less))) continue
    most.twin = { path: less.path, goesFirst: true }
    twins.push({ ...less, twin: { path: most.path, goesFirst: false } })
  }
  const ordered = [...twins, ...logs.values()].map((info) => [encodeURIComponent(info.key), info] as const)
  for (const [, info] of ordered.sort(([a], [b]) => (a < b ? -1 : Number(a > b)))) yield info
}

/** Whether neither of two logs begins with the other, by a look at where the smaller ends; at the beginning of a gzip. */
async function differ(folder: string, ...[a, b]: [ListedLog, ListedLog]): Promise<boolean> {
  const end = a.gzip || b.gzip ? 0 : Math.min(a.size, b.size)
  const look = (log: ListedLog) =>
    withLog(join(folder, log.path), '', (file) => pieceOf(file, log, end)).catch(() => '') // `next` says what it is
  const [x, y] = [await look(a), await look(b)]
  return !x.startsWith(y) && !y.startsWith(x)
}

/** Opens a log for `work` and closes it again, unless that gave a range, whose body closes it. */
async function withLog<T>(path: string, none: T, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path).catch(ifMissing)
  let found = none
  try {
    if (file) found = await work(file)
    return found
  } finally {
    if (!(found instanceof Object && 'body' in found)) await file?.close()
  }
}

async function nextRange(
  file: FileHandle,
  { key, path, etag, twin }: SourceInfo,
  newest: Mark | null,
  { settleMs, maxGzipRatio }: { settleMs: number; maxGzipRatio: number | undefined },
): Promise<SourceRange | 'ingested' | 'later'> {
  const stats = await file.stat({ bigint: true })
  const [size, identity] = [Number(stats.size), etagOf(stats)]
  const offset = newest ? newest.offset + newest.size : 0
  const { buffer: head } = await file.read(Buffer.alloc(6), 0, 6, 0)
  refuseOtherCompression(head)
  const gzip = isGzip(head)
  if (newest?.abandoned)
    throw new Error('it vanished half-ingested and was given up; to ingest it after all, delete its mark in the lake')
  if (newest?.identity === identity && (gzip || size === offset)) return 'ingested'
  if ((await streamKey(file, path)).key !== key) return 'later' // rotated since it was listed: it has another name now
  // A time in the future is one from before the clock was set back: nobody is writing there now either.
  const isSettled = Math.abs(Date.now() - Number(stats.mtimeMs)) >= settleMs
  if (gzip && !isSettled) return 'later' // a gzip file is whole or nothing
  const end = gzip || isSettled ? size : await afterLastNewline(file, offset, size)

  // What is in already must be what the log still begins with; then the rest is new, however it got here.
  const last = Math.max(end, Math.min(offset, size))
  const { bytes, rest, sha256 } = await bytesFrom(file, offset, last, gzip, maxGzipRatio)
  const isKnown = rest !== null && (newest ? sha256.copy().digest('hex') === newest.sha256 : twin?.goesFirst !== false)
  if (isKnown && rest.length > 0) {
    const body = follow(rest, bytes, file, Infinity, async () => {
      if ((await streamKey(file, path)).key !== key) throw new Error('it was truncated while it was read; run again')
    })
    return { key, path, offset, identity, body: key.startsWith(BY_PATH) ? refuseEntries(body) : body, sha256 }
  }
  await bytes.return?.()
  if (!isKnown && twin) throw new Error(`it begins as ${twin.path} does, but is another log. ${MEND}`)
  if (!isKnown) throw new Error(`its first ${offset} bytes are not those ingested before. Give new logs a new name`)
  return identity === etag && end === size ? 'ingested' : 'later'
}

/** A log's plain bytes up to the file's `end`: those before `offset` are in the hash, `rest` and `bytes` follow. */
async function bytesFrom(file: FileHandle, offset: number, end: number, gzip: boolean, maxGzipRatio?: number) {
  const sha256 = createHash('sha256')
  const raw = readRange(file, 0, end, Buffer.allocUnsafe(1 << 19))
  const bytes = (gzip ? gunzipped(raw, maxGzipRatio) : raw)[Symbol.asyncIterator]()
  return { bytes, rest: await skip(bytes, offset, sha256), sha256 }
}

/** Reads up to `offset` into the hash; the bytes of the chunk in which it ended that lie behind, null when none did. */
async function skip(bytes: AsyncIterator<Uint8Array>, offset: number, sha256: Hash): Promise<Uint8Array | null> {
  for (let at = 0; ; ) {
    const { done, value } = await bytes.next()
    if (done) return at === offset ? new Uint8Array() : null
    const before = value.subarray(0, offset - at)
    sha256.update(before)
    at += before.length
    if (before.length < value.length) return value.subarray(before.length)
  }
}

/** So many bytes, then a last look that they came from the log they are taken for; closes the file. */
async function* follow(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  file: FileHandle,
  size: number,
  check = async () => {},
): Bytes {
  try {
    yield first.subarray(0, size)
    let left = size - first.length
    for (let next = await rest.next(); left > 0 && !next.done; next = await rest.next()) {
      yield next.value.subarray(0, left)
      left -= next.value.length
    }
    await check()
  } finally {
    await rest.return?.()
    await file.close()
  }
}

/** Position after the last newline in `[start, end)`, else `start`. */
async function afterLastNewline(file: FileHandle, start: number, end: number): Promise<number> {
  for (let to = end; to > start; ) {
    const from = Math.max(start, to - (1 << 16))
    const { buffer } = await file.read(Buffer.alloc(to - from), 0, to - from, from)
    const at = buffer.lastIndexOf('\n')
    if (at >= 0) return from + at + 1
    to = from
  }
  return start
}

/** LastModified is the later of content and inode change: the former can be set to anything, the latter cannot. */
async function statLog(folder: string, path: string): Promise<SourceInfo | null> {
  const stats = await stat(join(folder, path), { bigint: true }).catch(ifMissing)
  if (!stats) return null
  const lastModified = Math.max(Number(stats.mtimeNs), Number(stats.ctimeNs)) / 1e6
  return { key: path, path, size: Number(stats.size), etag: etagOf(stats), lastModified }
}
