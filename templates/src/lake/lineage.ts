import { SCHEMA_VERSION } from '../schema.ts'
import type { FooterMetadata, ObjectInfo, ParquetMerger, StorageReader } from '../types.ts'
import { inputOf } from './fragments.ts'
import type { Hour } from './layout.ts'

/** What a compacted file says of itself in its footer: rows and lineage live and change together. */
export interface Lineage {
  /** The fragments whose rows it holds, each with the LastModified of its source's mark in milliseconds. */
  names: Record<string, number>
  /** A fragment whose mark is not newer than this counts as held, though its name has left the list. */
  forgotten: number
  /** One more with every commit. */
  generation: number
  /** The run that wrote it: how a commit that timed out recognises its own work. */
  runId: string
  rows: number
  /** Rows by hour that a replay made more or fewer of than the marks say; those that retention removed by partition. */
  adjusted: Record<Hour, number>
}

/** The lineage of a compacted file, where there is one. */
export const readLineage = async (
  { storage, merger }: { storage: StorageReader; merger: Pick<ParquetMerger, 'readMetadata'> },
  info: ObjectInfo | null,
): Promise<Lineage | null> => info && parseLineage(await merger.readMetadata(inputOf(storage, info)), info.key)

/** Reads a compacted file's footer; throws, naming the file, where the lineage is missing or damaged. */
export function parseLineage(metadata: FooterMetadata, where: string): Lineage {
  const damaged = (what: string) =>
    new Error(`${where}: ${what} in its footer. It was not written by this compactor: move it away and compact again.`)
  let names: unknown
  let adjusted: unknown
  try {
    names = JSON.parse(metadata.lineage ?? '')
    adjusted = JSON.parse(metadata.adjusted ?? '{}')
  } catch {
    throw damaged('no readable lineage')
  }
  const [forgotten, generation, rows] = [metadata.forgotten, metadata.generation, metadata.rows].map(Number)
  const numbers = [forgotten, generation, rows, ...Object.values(names as object)]
  if (!numbers.every(Number.isFinite) || !metadata.runId) throw damaged('a damaged lineage')
  return { names, adjusted, forgotten, generation, rows, runId: metadata.runId } as Lineage
}

export function formatLineage({ names, adjusted, ...rest }: Lineage): FooterMetadata {
  const text = Object.entries(rest).map(([key, value]) => [key, String(value)])
  const lists = { lineage: JSON.stringify(names), adjusted: JSON.stringify(adjusted) }
  return { ...lists, ...Object.fromEntries(text), schemaVersion: String(SCHEMA_VERSION) }
}
