import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as duckdb from '@duckdb/node-api'
import { openSnapshot, type ReaderOptions, type Snapshot, scan } from '../lake/reader.ts'
import { columns } from '../schema.ts'

/** What every command here needs. */
export interface QueryContext extends ReaderOptions {
  /** The folder that keys are relative to. */
  lakeDir: string
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
}

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

/** A view that has its columns even where there is no file, or only files from before a column was added. */
function view(name: string, shape: readonly { name: string; type: string }[], from: string): string {
  const none = shape.map((column) => `NULL::${column.type} AS "${column.name}"`)
  return `CREATE OR REPLACE VIEW ${name} AS SELECT ${none} WHERE false ${from && `UNION ALL BY NAME FROM ${from}`};`
}

export const analyticsView = (paths: string[]) => view('analytics', columns, paths.length > 0 ? scan(paths) : '')

const COUNTS = '"lines" BIGINT, extra BIGINT, entries BIGINT, "foreign" BIGINT, dropped BIGINT, "rows" BIGINT'
const MARK = [
  { name: 'sourceName', type: 'VARCHAR' },
  { name: 'key', type: 'VARCHAR' },
  { name: 'offset', type: 'BIGINT' },
  { name: 'counts', type: `STRUCT(${COUNTS}, rejected MAP(VARCHAR, BIGINT))` },
  { name: 'fragments', type: 'STRUCT("name" VARCHAR, "rows" BIGINT)[]' },
]

/** The view `marks`: what was read from each source, and what became of it. */
export function marksView(lakeDir: string, keys: string[]): string {
  const paths = keys.map((key) => quote(join(lakeDir, key)))
  const types = MARK.map(({ name, type }) => `"${name}": ${quote(type)}`)
  return view('marks', MARK, paths.length > 0 ? `read_json([${paths}], columns = {${types}})` : '')
}

export async function withLake<T>(ctx: QueryContext, work: (lake: Lake) => Promise<T>): Promise<T> {
  const snapshot = await openSnapshot(ctx)
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    temp_directory: join(tmpdir(), `duckdb-${process.pid}`),
  })
  const connection = await instance.connect()
  async function* results(sql: string) {
    const statements = await connection.extractStatements(sql)
    for (let i = 0; i < statements.count; i++) yield await (await statements.prepare(i)).stream()
  }
  const rows = async (sql: string) => {
    let last: Row[] = []
    for await (const result of results(sql)) last = (await result.convertRowObjects(toJson)) as Row[]
    return last
  }
  try {
    await rows(`SET TimeZone = 'UTC'; ${analyticsView(snapshot.files.map(({ path }) => path))}`)
    return await work({ ...snapshot, results, rows })
  } catch (error) {
    // DuckDB names the pinned files; people know the lake's.
    const message = snapshot.files.reduce((text, { path, key }) => text.replaceAll(path, key), (error as Error).message)
    throw new Error(message, { cause: error })
  } finally {
    connection.closeSync()
    instance.closeSync()
    await snapshot.release()
  }
}
