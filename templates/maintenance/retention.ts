import { randomUUID } from 'node:crypto'
import { commitPartition } from '../src/compactor/commit.ts'
import { type CompactorOptions, extend, type Found, sweep } from '../src/compactor/index.ts'
import { listPartitions, type Partition, wasGone } from '../src/lake/fragments.ts'
import { partitionSpan } from '../src/lake/layout.ts'
import { type Lineage, readLineage } from '../src/lake/lineage.ts'
import { checkLake } from '../src/lake/state.ts'
import type { PipelineError } from '../src/types.ts'

export interface RetentionResult {
  /** Partitions that are old enough. */
  expired: number
  /** Those that held rows, and hold none now; in a dry run, that would be emptied. */
  emptied: { path: string; rows: number; bytes: number }[]
  /** Files of rejected lines, deleted by their age. */
  rejected: number
  /** Partitions that another job changed meanwhile: the next run looks again. */
  conflicts: number
  errors: PipelineError[]
}

export interface RetentionLimits {
  before: number
  isDry?: boolean
  isSpent?: () => boolean
}

/**
 * Removes the rows of whole partitions that ended before a time. A partition is emptied by a commit like that of a
 * compaction: its file is replaced by one without rows that still names every fragment it ever held, so none of them
 * counts again, whoever writes one late; and it says how many rows are gone, so the books stay balanced. What remains
 * is that file, of about a kilobyte, and the marks: a raw log that was ingested once stays ingested.
 */
export function createRetention(options: CompactorOptions) {
  const { storage, prefix, granularity } = options

  /** `before` in milliseconds since the epoch. A dry run changes nothing; one that is spent is left to the next. */
  async function run({ before, isDry = false, isSpent = () => false }: RetentionLimits): Promise<RetentionResult> {
    const result: RetentionResult = { expired: 0, emptied: [], rejected: 0, conflicts: 0, errors: [] }
    await checkLake(storage, prefix, granularity)
    const expired: Partition[] = []
    let newest = 0
    for await (const partition of listPartitions(storage, prefix, granularity)) {
      for (const { lastModified } of [...partition.fragments, ...(partition.compacted ? [partition.compacted] : [])])
        newest = Math.max(newest, lastModified)
      if (partitionSpan(partition.path)[1] <= before) expired.push(partition)
    }
    result.expired = expired.length
    // The newest first: the others were most likely emptied by the runs before.
    for (const partition of expired.reverse()) {
      if (isSpent()) break
      await empty(partition, newest, isDry, result).catch((error: Error) => {
        if (wasGone(error)) result.conflicts++
        else result.errors.push({ where: partition.path, message: error.message })
      })
    }
    for await (const { key, lastModified } of storage.list(`${prefix}/_state/rejected/`)) {
      if (lastModified >= before) continue
      result.rejected++
      if (!isDry) await storage.delete([key])
    }
    return result
  }

  async function empty(partition: Partition, newest: number, isDry: boolean, result: RetentionResult): Promise<void> {
    const { path, compacted, fragments } = partition
    const lineage = await readLineage(options, compacted)
    if (!fragments.length && !lineage?.rows) return
    const found = await sweep(options, partition, lineage, Infinity)
    result.errors.push(...found.errors)
    const leftovers = [...found.orphans, ...found.absorbed]
    if (!isDry) await storage.delete(leftovers.map(({ key }) => key))
    const next = emptied(lineage, { ...found, newest }, path)
    const rows = (lineage?.rows ?? 0) + found.candidates.reduce((sum, candidate) => sum + candidate.rows, 0)
    if (rows === 0 && !found.candidates.length) return
    const committed = isDry ? next : await commitPartition(options, partition, [], next)
    if (committed?.runId !== next.runId) {
      result.conflicts++
      return
    }
    // By the footer as it stands in the store, never from memory.
    const held = found.candidates.filter(({ name }) => Object.hasOwn(committed.names, name))
    if (!isDry) await storage.delete(held.map(({ key }) => key))
    const bytes = [...held, ...(compacted ? [compacted] : [])].reduce((sum, { size }) => sum + size, 0)
    result.emptied.push({ path, rows, bytes })
  }

  return { run }
}

/** The lineage of the partition's next file: it holds what it held and every candidate, and not a row of them. */
function emptied(lineage: Lineage | null, found: Found, path: string): Lineage {
  const next = extend(lineage, found, randomUUID())
  const adjusted = Object.values(next.adjusted).reduce((sum, rows) => sum + rows, -next.rows)
  return { ...next, rows: 0, adjusted: adjusted === 0 ? {} : { [path]: adjusted } }
}
