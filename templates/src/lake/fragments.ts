import type { FooterMetadata, MergeInput, ObjectInfo, ParquetMerger, StorageReader } from '../types.ts'
import {
  compactedKey,
  fragmentKey,
  type Granularity,
  type Hour,
  markKey,
  parseFragmentName,
  partitionOf,
  sourceKey20,
} from './layout.ts'
import type { Lineage } from './lineage.ts'
import { readAll, readMark, type StoredMark } from './state.ts'

export interface Fragment extends ObjectInfo {
  name: string
  hour: Hour
}

export interface Partition {
  /** `YYYY/MM[/DD[/HH]]` */
  path: string
  compacted: ObjectInfo | null
  fragments: Fragment[]
}

/**
 * Where a fragment stands: `live`, its mark lists it and no compacted file holds it; `absorbed`, one does; `orphan`, its
 * source's mark does not list it; `unmarked`, its source has no mark (yet). `modified` is the mark's LastModified.
 */
export type Standing =
  | { state: 'live'; modified: number; rows: number }
  | { state: 'absorbed' }
  | { state: 'orphan' }
  | { state: 'unmarked'; footer: FooterMetadata }

/**
 * Every partition that holds a fragment or a compacted file, in order of time, or only the one at this path. Other files
 * are not ours: passed over.
 */
export async function* listPartitions(
  storage: StorageReader,
  prefix: string,
  granularity: Granularity,
  only?: string,
): AsyncIterable<Partition> {
  let current = null as Partition | null
  for await (const info of storage.list(`${prefix}/${only ? `${only}/` : ''}`)) {
    const path = info.key.slice(prefix.length + 1)
    if (path >= '_') break // dated folders sort first, what lies behind them is state
    const name = path.slice(path.lastIndexOf('/') + 1)
    const hour = parseFragmentName(name)?.hour
    const partition = hour ? partitionOf(hour, granularity) : path.slice(0, -name.length - 1)
    const ours = hour ? fragmentKey(prefix, name) : compactedKey(prefix, partition)
    if (ours !== info.key || !/^\d{4}(\/\d\d)+$/.test(partition)) continue
    if (current?.path !== partition) {
      if (current) yield current
      current = { path: partition, compacted: null, fragments: [] }
    }
    if (hour) current.fragments.push({ ...info, name, hour })
    else current.compacted = info
  }
  if (current) yield current
}

/** Thrown where an object that was listed is gone or replaced. */
class Gone extends Error {}

/** Whether an error came, directly or as a cause, from an object that is gone or replaced. */
export const wasGone = (error: unknown): boolean =>
  error instanceof Gone || (error instanceof Error && wasGone(error.cause))

/** Reads an object by ranges; throws once it is another one, see {@link wasGone}. */
export function inputOf(storage: StorageReader, info: ObjectInfo): MergeInput {
  const read = async (offset: number, length: number) => {
    const found = await storage.get(info.key, { offset, length, ifMatch: info.etag })
    if (!found) throw new Gone(`${info.key}: gone since it was listed`)
    return readAll(found.body)
  }
  return { name: info.key, size: info.size, read }
}

/** Tells the standing of fragments; one look at each source's mark, remembered for as long as the function lives. */
export function createStandings(
  storage: StorageReader,
  prefix: string,
  readMetadata: ParquetMerger['readMetadata'],
): (fragment: Fragment, lineage: Lineage | null, input?: MergeInput) => Promise<Standing> {
  const marks = new Map<string, Promise<StoredMark | null>>()
  return async (fragment, lineage, input = inputOf(storage, fragment)) => {
    if (lineage && Object.hasOwn(lineage.names, fragment.name)) return { state: 'absorbed' }
    const footer = await readMetadata(input)
    const { sourceName = '', key = '', offset = '' } = footer
    if (sourceKey20({ sourceName, key, offset: Number(offset) }) !== parseFragmentName(fragment.name)?.key20)
      throw new Error(`${fragment.key}: its footer names another source than its name; move it away`)
    const at = markKey(prefix, sourceName, key, Number(offset))
    if (!marks.has(at)) marks.set(at, readMark(storage, at))
    const stored = await marks.get(at)
    if (!stored) return { state: 'unmarked', footer }
    const listed = stored.mark.fragments.find(({ name }) => name === fragment.name)
    if (!listed) return { state: 'orphan' }
    if (lineage && stored.modified <= lineage.forgotten) {
      // One that was absorbed and forgotten is here again, so it was written after its mark. Any other may be new.
      if (fragment.lastModified > stored.modified) return { state: 'absorbed' }
      const advice = `If this machine's clock was set back, touch ${at}; if the file was restored, delete it`
      throw new Error(`${fragment.key}: its mark is older than what was compacted long ago. ${advice}`)
    }
    return { state: 'live', modified: stored.modified, rows: listed.rows }
  }
}
