import { markKey, markPrefix, markStem, seenKey } from '../lake/layout.ts'
import type { LogSource, ObjectInfo, SourceInfo, StorageReader } from '../types.ts'

export interface Pending {
  info: SourceInfo
  /** Key of the source's newest mark, the one with the highest offset; null when it has none. */
  newestMark: string | null
}

/**
 * The sources that may hold something new: a join of two sorted listings, sources and marks, without a call per source.
 * With `all`, also those that their mark says are done.
 */
export async function* listPending(
  source: LogSource,
  storage: StorageReader,
  prefix: string,
  all: boolean,
): AsyncIterableIterator<Pending> {
  let marks: AsyncIterator<ObjectInfo> | undefined
  let ahead: ObjectInfo | undefined
  let group: ObjectInfo[] = []
  let groupStem = ''
  const advance = async () => {
    const { done, value } = (await marks?.next()) ?? { done: true }
    ahead = done ? undefined : value
  }
  for await (const info of source.list()) {
    const stem = markStem(prefix, source.name, info.key)
    if (!marks) {
      marks = storage.list(markPrefix(prefix, source.name), stem)[Symbol.asyncIterator]()
      await advance()
    }
    if (stem > groupStem) {
      group = []
      for (; ahead && (ahead.key < stem || ahead.key.startsWith(stem)); await advance())
        if (ahead.key.startsWith(stem)) group.push(ahead)
    } else if (stem < groupStem) {
      // Percent-encoding put the marks in another order than the sources: the join has passed this one, so ask.
      group = []
      for await (const mark of storage.list(stem)) group.push(mark)
    }
    groupStem = stem
    const newest = newestOf(group, (offset) => markKey(prefix, source.name, info.key, offset))
    const seen = seenKey(prefix, source.name, info.key, info.etag)
    const isOld = newest && !info.twin && info.lastModified + source.recheckMs < newest.lastModified
    if (!all && (isOld || group.some(({ key }) => key === seen))) continue
    yield { info, newestMark: newest?.key ?? null }
  }
}

/** Keys that were cut may share a stem: only marks that are this key's own count. */
function newestOf(group: readonly ObjectInfo[], keyAt: (offset: number) => string): ObjectInfo | null {
  let newest: ObjectInfo | null = null
  let highest = -1
  for (const mark of group) {
    const offset = Number(/!(\d+)-[0-9a-f]{20}\.json$/.exec(mark.key)?.[1])
    if (offset > highest && keyAt(offset) === mark.key) [newest, highest] = [mark, offset]
  }
  return newest
}
