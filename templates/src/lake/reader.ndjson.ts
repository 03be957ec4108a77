import { columns } from '../schema.ts'
import type { CompactorStorage, Pins, PipelineError } from '../types.ts'
import { fragmentKey, type Hour, partitionOf } from './layout.ts'
import { readMark } from './state.ts'

export interface ReaderOptions {
  storage: CompactorStorage
  prefix: string
  openPins(): Pins
  /** Which hours are read, by their `YYYY/MM/DD/HH`; all of them, where nothing is said. */
  isWanted?(path: string): boolean
}

/** Files that together hold every ingested row exactly once. */
export interface Snapshot {
  files: { key: string; path: string }[]
  broken: PipelineError[]
  /** Rows by hour that replays made more or fewer of than the marks say: none, where nothing is replaced. */
  adjusted: [Hour, number][]
  release(): Promise<void>
}

/** Marks read at once: their store may be far away. */
const AT_ONCE = 16

/** The fragments that marks list: they count from then on, and are never replaced or deleted. */
export async function openSnapshot({ storage, prefix, openPins, isWanted }: ReaderOptions): Promise<Snapshot> {
  const marks: string[] = []
  for await (const { key } of storage.list(`${prefix}/_state/ingested/`)) if (key.endsWith('.json')) marks.push(key)
  const keys: string[] = []
  for (let at = 0; at < marks.length; at += AT_ONCE) {
    const found = await Promise.all(marks.slice(at, at + AT_ONCE).map((key) => readMark(storage, key)))
    for (const { name } of found.flatMap((stored) => stored?.mark.fragments ?? []))
      if (isWanted?.(partitionOf(name.slice(0, 10), 'hour')) !== false) keys.push(fragmentKey(prefix, name))
  }
  const files: Snapshot['files'] = []
  const broken: PipelineError[] = []
  const pins = openPins()
  await pins.prepare?.(keys.map((key) => ({ key })))
  for (const key of keys) {
    const pin = await pins.take(key)
    if (pin) files.push(pin)
    else broken.push({ where: key, message: 'its source is marked as ingested, but the file is gone' })
  }
  return { files, broken, adjusted: [], release: () => pins.release() }
}

/** What DuckDB reads the files with: by the columns of today, which NDJSON itself does not name or type. */
export function scan(paths: readonly string[]): string {
  const files = paths.map((path) => `'${path.replaceAll("'", "''")}'`)
  return `read_ndjson([${files}], columns = {${columns.map(({ name, type }) => `"${name}": '${type}'`)}}, hive_partitioning = false)`
}
