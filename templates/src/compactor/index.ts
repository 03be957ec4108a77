import { randomUUID } from 'node:crypto'
import { createStandings, type Fragment, listPartitions, type Partition, wasGone } from '../lake/fragments.ts'
import { type Granularity, hourStart } from '../lake/layout.ts'
import { type Lineage, readLineage } from '../lake/lineage.ts'
import { checkLake } from '../lake/state.ts'
import type { Column, CompactorStorage, ParquetMerger, PipelineError } from '../types.ts'
import { createAbandon, DAY_MS } from './abandon.ts'
import { commitPartition } from './commit.ts'

export interface CompactorOptions {
  storage: CompactorStorage
  merger: ParquetMerger
  columns: readonly Column[]
  prefix: string
  granularity: Granularity
  /** Whether a raw log still exists; lets the sweep give up fragments of a source that vanished half-ingested. */
  sourceExists?: (sourceName: string, key: string) => Promise<boolean>
  /** Fragments of a partition that a run looks at, from its first hour on; the others wait for the next run. */
  maxFragments?: number
  /** Asked before each partition: once it is true, the run starts no new one, and the next run goes on. */
  isSpent?: (result: CompactResult) => boolean
  now?: () => number
  onProgress?: (result: CompactResult) => void
}

export interface CompactResult {
  /** Partitions that hold anything. */
  partitions: number
  compacted: number
  /** Partitions with nothing to do. */
  skipped: number
  /** Partitions that another compactor committed first: the next run looks again. */
  conflicts: number
  /** Fragments whose rows moved into a compacted file. */
  absorbed: number
  /** Fragments deleted: absorbed ones and orphans. */
  deleted: number
  rows: number
  /** Bytes of the fragments absorbed. */
  bytes: number
  /** Partitions that wait, in part or whole, for the next run: the budget was spent, or they hold too many fragments. */
  left: number
  errors: PipelineError[]
}

export interface Compactor {
  /**
   * Merges the fragments of every hour that ended before `before` (milliseconds since the epoch), of all partitions or
   * of the one at this path.
   */
  run(options?: { before?: number; partition?: string }): Promise<CompactResult>
}

/** What the sweep found in one partition. */
export interface Found {
  /** Fragments to merge, with their rows and their mark's LastModified. */
  candidates: (Fragment & { modified: number; rows: number })[]
  /** Held by the compacted file already: a clean-up was cut short. */
  absorbed: Fragment[]
  orphans: Fragment[]
  /** What is now by the store's clock, as far as is known; by default, when the newest candidate was marked. */
  newest?: number
  /** The oldest mark of a fragment that this run leaves alone: `forgotten` must not pass it. */
  oldestLeftOut: number
  errors: PipelineError[]
}

/** Fragments in, one file per partition out, by one conditional write. Safe to run twice, at once and after any crash. */
export function createCompactor(options: CompactorOptions): Compactor {
  const { storage, prefix, granularity, maxFragments = Infinity, isSpent, now = Date.now } = options

  const run: Compactor['run'] = async ({ before = now() - DAY_MS, partition: only } = {}) => {
    const counts = { partitions: 0, compacted: 0, skipped: 0, conflicts: 0, absorbed: 0, deleted: 0, rows: 0, bytes: 0 }
    const result: CompactResult = { ...counts, left: 0, errors: [] }
    await checkLake(storage, prefix, granularity)
    for await (const partition of listPartitions(storage, prefix, granularity, only)) {
      result.partitions++
      if (!partition.fragments.length) result.skipped++
      else if (isSpent?.(result)) result.left++
      else
        await compact(partition, before, result).catch((error: Error) => {
          if (wasGone(error)) result.conflicts++
          else result.errors.push({ where: partition.path, message: error.message })
        })
      options.onProgress?.(result)
    }
    return result
  }

  async function compact(partition: Partition, before: number, result: CompactResult): Promise<void> {
    const lineage = await readLineage(options, partition.compacted)
    const found = await sweep(options, partition, lineage, before)
    result.errors.push(...found.errors)
    if (partition.fragments.length > maxFragments) result.left++
    await remove([...found.orphans, ...found.absorbed], result)
    if (!found.candidates.length) {
      result.skipped++
      return
    }
    const runId = randomUUID()
    const inputs = [...(partition.compacted ? [partition.compacted] : []), ...found.candidates]
    const committed = await commitPartition(options, partition, inputs, extend(lineage, found, runId))
    if (committed?.runId !== runId) {
      result.conflicts++
      return
    }
    result.compacted++
    result.absorbed += found.candidates.length
    result.rows += committed.rows
    for (const { size } of found.candidates) result.bytes += size
    // By the footer as it stands in the store, never from memory.
    const held = found.candidates.filter(({ name }) => Object.hasOwn(committed.names, name))
    await remove(held, result)
  }

  async function remove(fragments: readonly Fragment[], result: CompactResult): Promise<void> {
    await storage.delete(fragments.map(({ key }) => key))
    result.deleted += fragments.length
  }

  return { run }
}

/** Sorts the partition's fragments by where they stand. One that cannot be read is named and left alone. */
export async function sweep(options: CompactorOptions, partition: Partition, lineage: Lineage | null, before: number) {
  const abandon = createAbandon(options)
  const standingOf = createStandings(options.storage, options.prefix, options.merger.readMetadata)
  const found: Found = { candidates: [], absorbed: [], orphans: [], oldestLeftOut: Infinity, errors: [] }
  const { maxFragments = Infinity } = options
  for (const fragment of partition.fragments.slice(0, maxFragments)) {
    try {
      const standing = await standingOf(fragment, lineage)
      if (standing.state === 'absorbed') found.absorbed.push(fragment)
      else if (standing.state === 'orphan') found.orphans.push(fragment)
      else if (standing.state === 'unmarked') await abandon(fragment, standing.footer)
      else if (hourStart(fragment.hour) + 3600_000 <= before) found.candidates.push({ ...fragment, ...standing })
      else found.oldestLeftOut = Math.min(found.oldestLeftOut, standing.modified)
    } catch (error) {
      found.oldestLeftOut = -Infinity // its mark is unknown, so nothing may be forgotten now
      if (!wasGone(error)) found.errors.push({ where: fragment.key, message: (error as Error).message })
    }
  }
  if (partition.fragments.length > maxFragments) found.oldestLeftOut = -Infinity // the marks of the others are unknown
  return found
}

/**
 * The next lineage: the candidates join. A name leaves a day after its mark was written, once its fragment is deleted,
 * and never past the mark of a fragment that is left out; `forgotten` then answers for it. All times are the store's.
 */
export function extend(lineage: Lineage | null, found: Found, runId: string): Lineage {
  const { candidates, oldestLeftOut } = found
  const newest = found.newest ?? candidates.reduce((latest, { modified }) => Math.max(latest, modified), 0)
  const mayGo = Math.min(newest - DAY_MS, oldestLeftOut)
  const present = new Set(found.absorbed.map(({ name }) => name))
  const names: Lineage['names'] = {}
  const { adjusted = {}, generation = 0 } = lineage ?? {}
  let forgotten = lineage?.forgotten ?? 0
  for (const [name, modified] of Object.entries(lineage?.names ?? {})) {
    if (modified >= mayGo || present.has(name)) names[name] = modified
    else forgotten = Math.max(forgotten, modified)
  }
  for (const { name, modified } of candidates) names[name] = modified
  const rows = candidates.reduce((sum, candidate) => sum + candidate.rows, lineage?.rows ?? 0)
  return { names, adjusted, forgotten, generation: generation + 1, runId, rows }
}
