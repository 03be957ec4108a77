import { createStandings, type Fragment, type Partition, wasGone } from '../lake/fragments.ts'
import { hourStart } from '../lake/layout.ts'
import type { Lineage } from '../lake/lineage.ts'
import type { PipelineError } from '../types.ts'
import { createAbandon, DAY_MS } from './abandon.ts'
import type { CompactorOptions } from './index.ts'

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

/** Sorts the partition's fragments by where they stand. One that cannot be read is named and left alone. */
export async function sweep(options: CompactorOptions, partition: Partition, lineage: Lineage | null, before: number) {
  const abandon = createAbandon(options)
  const standingOf = createStandings(options.storage, options.prefix, options.merger.readMetadata)
  const found: Found = { candidates: [], absorbed: [], orphans: [], oldestLeftOut: Infinity, errors: [] }
  for (const fragment of partition.fragments) {
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
