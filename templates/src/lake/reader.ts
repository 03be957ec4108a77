import type { CompactorStorage, ObjectInfo, ParquetMerger, Pin, Pins, PipelineError } from '../types.ts'
import { createStandings, listPartitions, type Partition } from './fragments.ts'
import { type Granularity, type Hour, parseFragmentName } from './layout.ts'
import { type Lineage, parseLineage } from './lineage.ts'
import { checkLake } from './state.ts'

export interface ReaderOptions {
  storage: CompactorStorage
  prefix: string
  granularity: Granularity
  readMetadata: ParquetMerger['readMetadata']
  openPins(): Pins
  /** Which partitions are read, by their `YYYY/MM[/DD[/HH]]`; all of them, where nothing is said. */
  isWanted?(path: string): boolean
}

/** Files that together hold every ingested row exactly once, until they are released. */
export interface Snapshot {
  files: { key: string; path: string }[]
  /** Files that could not be read; their rows are missing, all others are there. */
  broken: PipelineError[]
  /** Rows by hour that replays made more or fewer of than the marks say. */
  adjusted: [Hour, number][]
  release(): Promise<void>
}

type Taken = { etag: string; files: Pin[]; broken: PipelineError[]; adjusted: [Hour, number][] }
/** Sources whose rows are taken, and fragments that are decided on: a mark, once there, never changes. */
type Known = Record<'sources' | 'fragments', Set<string>>

const LOOKS = 50
const sourceOf = (name: string) => parseFragmentName(name)?.key20 ?? ''

/** Takes a snapshot while ingest and compaction go on: looks again, at what changed meanwhile, until nothing did. */
export async function openSnapshot(options: ReaderOptions): Promise<Snapshot> {
  await checkLake(options.storage, options.prefix, options.granularity)
  const pins = options.openPins()
  const taken = new Map<string, Taken>()
  const known: Known = { sources: new Set(), fragments: new Set() }
  const isStale = ({ path, compacted, fragments }: Partition) =>
    taken.get(path)?.etag !== (compacted?.etag ?? '') ||
    // A source counts in every partition or in none: this would be a part of one that counts already.
    fragments.some(({ name }) => !known.fragments.has(name) && known.sources.has(sourceOf(name)))
  try {
    for (let look = 0; ; look++) {
      const stale: Partition[] = []
      for await (const partition of listPartitions(options.storage, options.prefix, options.granularity))
        if (options.isWanted?.(partition.path) !== false && isStale(partition)) stale.push(partition)
      if (stale.length === 0) break
      await pins.prepare?.(stale.flatMap(({ compacted, fragments }) => [...fragments, compacted ?? []].flat()))
      if (look === LOOKS) throw new Error(`the lake changed during each of ${LOOKS} looks at it; try again later`)
      const take = createTake(options, pins, known)
      for (const partition of stale) taken.set(partition.path, await take(partition))
    }
  } catch (error) {
    await pins.release()
    throw error
  }
  const parts = [...taken.values()]
  return {
    files: parts.flatMap(({ files }) => files),
    broken: parts.flatMap(({ broken }) => broken),
    adjusted: parts.flatMap(({ adjusted }) => adjusted),
    release: () => pins.release(),
  }
}

function createTake({ storage, prefix, readMetadata }: ReaderOptions, pins: Pins, known: Known) {
  const standingOf = createStandings(storage, prefix, readMetadata)

  return async ({ compacted, fragments }: Partition): Promise<Taken> => {
    const taken: Taken = { etag: compacted?.etag ?? '', files: [], broken: [], adjusted: [] }
    let lineage: Lineage | null = null
    /** Reads from a pin, unless the object is gone: whatever took it away shows at the next look. */
    const read = async ({ key, etag }: ObjectInfo, use: (pin: Pin) => Promise<unknown>) => {
      const pin = await pins.take(key, etag)
      if (pin) await use(pin).catch(({ message }: Error) => taken.broken.push({ where: key, message }))
    }
    if (compacted)
      await read(compacted, async (pin) => {
        lineage = parseLineage(await readMetadata(pin.input), pin.key)
        for (const name in lineage.names) known.sources.add(sourceOf(name))
        taken.adjusted.push(...Object.entries(lineage.adjusted))
        if (lineage.rows > 0) taken.files.push(pin)
      })
    for (const fragment of fragments)
      await read(fragment, async (pin) => {
        known.fragments.add(fragment.name)
        const { state } = await standingOf(fragment, lineage, pin.input)
        if (state === 'unmarked') known.fragments.delete(fragment.name)
        if (state !== 'live') return
        known.sources.add(sourceOf(fragment.name))
        taken.files.push(pin)
      })
    return taken
  }
}

/** What DuckDB reads the files with. A list instead of a glob, so that no character of a path means anything. */
export const scan = (paths: readonly string[]) =>
  `read_parquet([${paths.map((path) => `'${path.replaceAll("'", "''")}'`)}], union_by_name = true, hive_partitioning = false)`
