import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as duckdb from '@duckdb/node-api'
import { openSnapshot, type ReaderOptions, type Snapshot, scan } from '../src/lake/reader.ts'
import { readMark } from '../src/lake/state.ts'
import { columns } from '../src/schema.ts'

export type Row = Record<string, duckdb.Json>

/** A snapshot of the lake as the view `analytics`, in a DuckDB that lives as long as the work on it. */
export interface Lake extends Snapshot {
  /** Runs a text's statements one by one. */
  results(sql: string): AsyncIterable<duckdb.DuckDBResult>
  /** All rows of a text's last statement. */
  rows(sql: string): Promise<Row[]>
}

/** As DuckDB writes it, but whatever fits into a JavaScript number is one: BIGINT, HUGEINT and DECIMAL too. */
export const toJson: duckdb.DuckDBValueConverter<duckdb.Json> = (value, type, convert) => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof duckdb.DuckDBDecimalValue) return value.toDouble()
  if (value instanceof duckdb.DuckDBIntervalValue) return String(value)
  return duckdb.JsonDuckDBValueConverter(value, type, convert)
}

export const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
export const readSql = (name: string) => readFile(new URL(`../sql/${name}`, import.meta.url), 'utf8')

/** Has every column of today, also where there is no file yet, or only files from before the column was added. */
export function analyticsView(paths: string[]): string {
  const none = `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS "${name}"`)} WHERE false`
  return `CREATE OR REPLACE VIEW analytics AS ${none} ${paths.length ? `UNION ALL BY NAME FROM ${scan(paths)}` : ''};`
}

export async function listMarks({ storage, prefix }: ReaderOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(`${prefix}/_state/ingested/`)) if (key.endsWith('.json')) keys.push(key)
  return keys
}

/** Marks read at once: their store may be far away. */
const AT_ONCE = 16

/** Fills the table `marks` from these, in their order. */
export async function loadMarks({ storage }: ReaderOptions, { rows }: Lake, keys: string[]): Promise<void> {
  const marks: unknown[] = []
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const found = await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => readMark(storage, key)))
    marks.push(...found.map((stored) => stored?.mark))
  }
  await rows(`SET VARIABLE marks = ${quote(JSON.stringify(marks))}; ${await readSql('marks.sql')}`)
}

export async function withLake<T>(options: ReaderOptions, work: (lake: Lake) => Promise<T>): Promise<T> {
  const snapshot = await openSnapshot(options)
  const temporary = join(tmpdir(), `duckdb-${process.pid}`)
  const instance = await duckdb.DuckDBInstance.create(':memory:', { temp_directory: temporary })
  const connection = await instance.connect()
  async function* results(sql: string) {
    const statements = await connection.extractStatements(sql)
    for (let i = 0; i < statements.count; i++) yield await (await statements.prepare(i)).stream()
  }
  async function rows(sql: string) {
    let last: Row[] = []
    for await (const result of results(sql)) last = (await result.convertRowObjects(toJson)) as Row[]
    return last
  }
  try {
    await rows(
      `SET TimeZone = 'UTC'; SET parquet_metadata_cache = true; ${analyticsView(snapshot.files.map(({ path }) => path))}`,
    )
    return await work({ ...snapshot, results, rows })
  } catch (error) {
    const failure = error as Error // DuckDB names the pinned files, people know the lake's
    for (const { path, key } of snapshot.files) failure.message = failure.message.replaceAll(path, key)
    if (/^(Invalid|IO) Error/.test(failure.message))
      failure.message += ' (if a file of the lake is damaged, verify names it)'
    throw failure
  } finally {
    connection.closeSync()
    instance.closeSync()
    await snapshot.release()
  }
}
