import { inputOf, wasGone } from '../src/lake/fragments.ts'
import { partitionSpan } from '../src/lake/layout.ts'
import { openSnapshot, type ReaderOptions } from '../src/lake/reader.ts'
import { readMark } from '../src/lake/state.ts'
import type { Pins, PipelineError, RejectReason, StorageReader } from '../src/types.ts'

export type Lake = Omit<ReaderOptions, 'openPins'>

/** A span of event time: milliseconds since the epoch, `to` excluded. */
export interface Window {
  from: number
  to: number
}

export interface WindowFiles {
  /** Together they hold every row of the window exactly once, each in this one version. Paths below the prefix. */
  files: { path: string; etag: string }[]
  /** Files that could not be read: their rows are missing. */
  broken: PipelineError[]
  /** When the lake begins, to the hour or partition. */
  oldest: number
  /** The newest hour or partition that has rows; null while the lake is empty. */
  newest: Window | null
}

const LOOKS = 10
const overlaps = (a: Window, b: Window) => a.from < b.to && a.to > b.from

/** The files of a window, and those of the newest hour or partition: they tell how fresh the lake is. */
export async function filesOf(lake: Lake, window: Window): Promise<WindowFiles> {
  for (let look = 0; look < LOOKS; look++) {
    let newest = null as Window | null
    let oldest = Infinity
    for await (const { key } of lake.storage.list(`${lake.prefix}/`)) {
      const span = spanOf(lake, key)
      if (!span) continue
      if (span.to > (newest?.to ?? 0)) newest = span
      oldest = Math.min(oldest, span.from)
    }
    const isWanted = (span: Window) => overlaps(span, window) || (newest && overlaps(span, newest))
    const pins = versionPins(lake.storage)
    const snapshot = await openSnapshot({ ...lake, storage: filtered(lake, isWanted), openPins: () => pins })
    if (pins.hasLost()) continue
    const files = snapshot.files.map(({ key, path }) => ({ path: key.slice(lake.prefix.length + 1), etag: path }))
    return { files, broken: snapshot.broken, oldest: newest ? oldest : 0, newest }
  }
  throw new Error(`files of the lake went away during each of ${LOOKS} looks at it; try again later`)
}

/** What the folder of a key says of its rows' time; null where the file is none of rows. */
function spanOf({ prefix }: Lake, key: string): Window | null {
  const folder = /^(\d{4}(?:\/\d\d)+)\/[^/]+\.parquet$/.exec(key.slice(prefix.length + 1))?.[1]
  if (!folder) return null
  const [from, to] = partitionSpan(folder)
  return { from, to }
}

/** The store as if it held only files of rows from wanted spans. */
function filtered(lake: Lake, isWanted: (span: Window) => unknown): Lake['storage'] {
  async function* list(prefix: string, startAfter?: string) {
    for await (const info of lake.storage.list(prefix, startAfter)) {
      const span = spanOf(lake, info.key)
      if (!span || isWanted(span)) yield info
    }
  }
  return { ...lake.storage, list }
}

/** Holds on to versions by their etags: whoever reads one later asks for that etag, and is told when it is gone. */
function versionPins(storage: StorageReader): Pins & { hasLost(): boolean } {
  let lost = false
  return {
    hasLost: () => lost,
    async take(key) {
      const info = await storage.head(key)
      if (!info) return null
      const { read, ...input } = inputOf(storage, info)
      const readOrLose = (offset: number, length: number) =>
        read(offset, length).catch((error) => {
          lost ||= wasGone(error)
          throw error
        })
      return { key, path: info.etag, input: { ...input, read: readOrLose } }
    },
    release: async () => {},
  }
}

export interface Rejected {
  /** Lines by reason. */
  reasons: Partial<Record<RejectReason, number>>
  /** One of the logs they came from. */
  example: string | null
}

/** Lines that were rejected by ingests since then. Only a source with rejected lines has a file of them. */
export async function rejectedSince({ storage, prefix }: Lake, since: number): Promise<Rejected> {
  const sources = new Set<string>()
  for await (const { key, lastModified } of storage.list(`${prefix}/_state/rejected/`))
    if (lastModified >= since) sources.add(key.slice(-27, -7))
  const rejected: Rejected = { reasons: {}, example: null }
  if (sources.size === 0) return rejected
  for await (const { key } of storage.list(`${prefix}/_state/ingested/`)) {
    if (!key.endsWith('.json') || !sources.has(key.slice(-25, -5))) continue
    const mark = (await readMark(storage, key))?.mark
    if (!mark) continue
    rejected.example = mark.path
    for (const [reason, lines] of Object.entries(mark.counts.rejected))
      rejected.reasons[reason as RejectReason] = (rejected.reasons[reason as RejectReason] ?? 0) + lines
  }
  return rejected
}
