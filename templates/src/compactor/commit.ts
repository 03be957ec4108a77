import { inputOf, type Partition, wasGone } from '../lake/fragments.ts'
import { compactedKey } from '../lake/layout.ts'
import { formatLineage, type Lineage, readLineage } from '../lake/lineage.ts'
import type { Column, CompactorStorage, ObjectInfo, ParquetMerger } from '../types.ts'

export interface CommitOptions {
  storage: CompactorStorage
  merger: ParquetMerger
  columns: readonly Column[]
  prefix: string
}

/**
 * Merges the inputs into the partition's compacted file by one conditional write, against the version that was listed.
 * Resolves to the lineage that stands in the store afterwards: it has `next.runId` if, and only if, this commit took.
 */
export async function commitPartition(
  { storage, merger, columns, prefix }: CommitOptions,
  { path, compacted }: Partition,
  inputs: readonly ObjectInfo[],
  next: Lineage,
): Promise<Lineage | null> {
  const key = compactedKey(prefix, path)
  const files = inputs.map((info) => inputOf(storage, info))
  const body = merger.merge(files, columns, (rows) => {
    if (rows !== next.rows) throw new Error(`${key}: ${rows} rows were merged, ${next.rows} were expected`)
    return formatLineage(next)
  })
  let failure: unknown
  try {
    await storage.put(key, body, compacted ? { ifMatch: compacted.etag } : 'absent')
  } catch (error) {
    failure = error // it may have taken all the same: a time-out says nothing
  }
  const standing = await readLineage({ storage, merger }, await storage.head(key))
  // An input that is gone means that another compactor was faster: a lost race, no error.
  if (failure && standing?.runId !== next.runId && !wasGone(failure)) throw failure
  return standing
}
