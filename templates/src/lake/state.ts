import { SCHEMA_VERSION } from '../schema.ts'
import type { CompactorStorage, Mark, StorageReader } from '../types.ts'
import { type Granularity, lakeKey, markKey, schemaKey } from './layout.ts'

export interface StoredMark {
  mark: Mark
  /** LastModified by the store's clock, in milliseconds. */
  modified: number
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
}

async function readJson<T>(storage: StorageReader, key: string): Promise<{ value: T; modified: number } | null> {
  const found = await storage.get(key)
  if (!found) return null
  const text = Buffer.from(await readAll(found.body)).toString('utf8')
  try {
    return { value: JSON.parse(text), modified: found.info.lastModified }
  } catch (cause) {
    throw new Error(`${key}: not readable as JSON; restore it from a backup, nothing is ingested over it`, { cause })
  }
}

export async function readMark(storage: StorageReader, key: string): Promise<StoredMark | null> {
  const found = await readJson<Mark>(storage, key)
  if (found && !Array.isArray(found.value?.fragments))
    throw new Error(`${key}: this is no mark; restore it from a backup`)
  return found && { mark: found.value, modified: found.modified }
}

/** Puts the mark if there is none; false when another worker's mark stands there. */
export async function writeMark(storage: CompactorStorage, prefix: string, mark: Mark): Promise<boolean> {
  const key = markKey(prefix, mark.sourceName, mark.key, mark.offset)
  return (await storage.put(key, Buffer.from(JSON.stringify(mark)), 'absent')) !== null
}

/** Refuses a lake that was founded otherwise: its paths or rows would mix. False where there is none yet. */
export async function checkLake(
  storage: StorageReader,
  prefix: string,
  granularity: Granularity,
  extension = '.parquet',
): Promise<boolean> {
  const key = lakeKey(prefix)
  const found = await readJson<Partial<Record<'granularity' | 'schemaVersion' | 'extension', unknown>>>(storage, key)
  if (!found) return false
  const lake = found.value
  const fork = 'put that back, or choose another prefix for a new lake'
  if (lake?.granularity !== granularity)
    throw new Error(`${key}: this lake is partitioned by ${lake?.granularity}, the config says ${granularity}; ${fork}`)
  if (lake.extension !== extension)
    throw new Error(`${key}: this lake holds ${lake.extension} files, the config writes ${extension}; ${fork}`)
  if (!(Number(lake.schemaVersion) <= SCHEMA_VERSION))
    throw new Error(`${key}: written with schema ${lake.schemaVersion}, this code knows ${SCHEMA_VERSION}; upgrade it`)
  return true
}

/**
 * Founds the lake on first use, and checks whose it is.
 * `emptyFile` is a zero-row file with the schema, so that a query over an empty lake is no error.
 */
export async function ensureLake(
  storage: CompactorStorage,
  prefix: string,
  granularity: Granularity,
  { extension, emptyFile }: { extension: string; emptyFile: () => Promise<Uint8Array> },
): Promise<void> {
  if (await checkLake(storage, prefix, granularity, extension)) return
  if (extension === '.parquet') await storage.put(schemaKey(prefix), await emptyFile(), 'absent')
  const lake = { granularity, schemaVersion: SCHEMA_VERSION, extension }
  await storage.put(lakeKey(prefix), Buffer.from(JSON.stringify(lake)), 'absent')
  await checkLake(storage, prefix, granularity, extension) // another worker may have founded it just now
}
