import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import {
  compactedKey,
  fragmentKey,
  fragmentName,
  type Granularity,
  key20,
  lakeKey,
  markKey,
  partitionOf,
  rejectedKey,
  schemaKey,
} from '../../templates/src/lake/layout.ts'
import { formatLineage, type Lineage } from '../../templates/src/lake/lineage.ts'
import { localPins } from '../../templates/src/lake/pins.ts'
import type { ReaderOptions } from '../../templates/src/lake/reader.ts'
import { keyValues, readFooter } from '../../templates/src/parquet/footer.ts'
import { columns } from '../../templates/src/schema.ts'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import type { FooterMetadata, Mark } from '../../templates/src/types.ts'

const tmp = join(import.meta.dirname, '../../.tmp')

/** A folder that is gone after the tests; `name` may be as odd as folders can be. */
export function makeFolder(name = 'lake'): { path: string; remove(): void } {
  mkdirSync(tmp, { recursive: true })
  const home = mkdtempSync(join(tmp, 'query-'))
  const path = join(home, name)
  mkdirSync(path)
  return { path, remove: () => rmSync(home, { recursive: true }) }
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
let shared: Promise<DuckDBConnection> | undefined
/** A stock DuckDB, the one that people have. */
export async function stockDuckDB(): Promise<DuckDBConnection> {
  shared ??= DuckDBInstance.create(':memory:').then((instance) => instance.connect())
  return shared
}

/** What a stock DuckDB answers after reading analytics.sql. */
export async function askStock(lake: { root: string; prefix: string }, query: string): Promise<unknown[][]> {
  const sql = readFileSync(join(import.meta.dirname, '../../templates/analytics.sql'), 'utf8')
  const connection = await stockDuckDB()
  await connection.run(`SET VARIABLE root = ${quote(`${lake.root}/${lake.prefix}`)}; ${sql}`)
  return (await connection.runAndReadAll(query)).getRowsJS()
}

export interface HourOfRows {
  /** `YYYYMMDDHH` */
  hour: string
  rows: number
  /** Columns instead of today's, as SQL over `i`: files of another time. */
  select?: string
}

export interface Written {
  id: string
  name: string
  rows: number
}

/** Writes lakes by hand, in any state a crash or a clock may leave one in. Every row's traceId says where it is from. */
export function lakeWriter(root: string, granularity: Granularity = 'day', prefix = 'analytics') {
  const pathOf = (key: string) => join(root, key)
  const put = (key: string, bytes: string | Uint8Array) => {
    mkdirSync(dirname(pathOf(key)), { recursive: true })
    writeFileSync(join(root, 'part-put'), bytes)
    renameSync(join(root, 'part-put'), pathOf(key))
  }
  const copy = async (sql: string, key: string, metadata: FooterMetadata) => {
    mkdirSync(dirname(pathOf(key)), { recursive: true })
    const pairs = Object.entries(metadata).map(([name, value]) => `${quote(name)}: ${quote(value)}`)
    const path = quote(pathOf(key))
    const connection = await stockDuckDB()
    await connection.run(
      `COPY (${sql}) TO ${path} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {${pairs.join(', ')}})`,
    )
  }
  const nothing = columns.map(({ name, type }) => `NULL::${type} AS "${name}"`).join(', ')

  const lake = {
    root,
    prefix,
    granularity,
    pathOf,
    put,
    async found(): Promise<void> {
      await copy(`SELECT ${nothing} WHERE false`, schemaKey(prefix), { schemaVersion: '1' })
      put(lakeKey(prefix), JSON.stringify({ granularity, schemaVersion: 1, extension: '.parquet' }))
    },

    /** Fragments of one source, one per hour, without a mark. */
    async fragments(id: string, hours: readonly HourOfRows[]): Promise<Written[]> {
      const written: Written[] = []
      for (const [flush, { hour, rows, select }] of hours.entries()) {
        const start = `strptime('${hour}', '%Y%m%d%H')`
        const usual = `${start} + to_milliseconds(i * 1000) AS timestamp, 'gate' AS gatewayName,
          ['/', '/users/:id', '/o''rders/*'][1 + i % 3] AS routePath, ['GET', 'POST'][1 + i % 2] AS method,
          [200, 200, 200, 404, 500][1 + i % 5]::INTEGER AS statusCode, (1 + i * 7 % 400)::DOUBLE AS durationMs,
          (i * 100)::BIGINT AS responseSize, '${id}/${hour}/' || i AS traceId, '{"a":1}' AS dimensions`
        const key = `part-${id}`
        const metadata = {
          sourceName: 'logs',
          source: id,
          key: id,
          offset: '0',
          flush: String(flush),
          schemaVersion: '1',
        }
        await copy(`SELECT ${select ?? usual} FROM range(${rows}) t(i)`, key, metadata)
        const bytes = readFileSync(pathOf(key))
        rmSync(pathOf(key))
        const name = fragmentName(hour, { sourceName: 'logs', key: id, offset: 0 }, bytes, '.parquet')
        put(fragmentKey(prefix, name), bytes)
        written.push({ id, name, rows })
      }
      return written
    },

    markKey: (id: string) => markKey(prefix, 'logs', id, 0),
    /** `modified`: when the store says it was written, in milliseconds. */
    mark(id: string, fragments: readonly Written[], counts: Partial<Mark['counts']> = {}, modified?: number): void {
      const rows = fragments.reduce((sum, fragment) => sum + fragment.rows, 0)
      const listed = fragments.map(({ name, rows }) => ({ name, rows }))
      const all = { lines: rows, extra: 0, entries: rows, foreign: 0, rejected: {}, dropped: 0, rows, ...counts }
      const mark: Mark = {
        sourceName: 'logs',
        key: id,
        path: id,
        offset: 0,
        identity: 'x',
        size: 1,
        sha256: 'x',
        counts: all,
        fragments: listed,
        schemaVersion: 1,
        at: '2026-01-01T00:00:00.000Z',
      }
      put(lake.markKey(id), JSON.stringify(mark))
      if (modified) utimesSync(pathOf(lake.markKey(id)), modified / 1000, modified / 1000)
      if (Object.keys(all.rejected).length > 0) put(rejectedKey(prefix, key20('logs', id)), '{}\n')
    },
    async ingested(id: string, hours: readonly HourOfRows[], counts?: Partial<Mark['counts']>): Promise<Written[]> {
      const written = await lake.fragments(id, hours)
      lake.mark(id, written, counts)
      return written
    },

    /** Commits fragments of one partition, with those that its compacted file holds already; nothing is cleaned up. */
    async compact(
      fragments: readonly Written[],
      lineage: Partial<Lineage> = {},
      held: readonly Written[] = [],
    ): Promise<string> {
      const hour = fragments[0]?.name.slice(0, 10) as string
      const key = compactedKey(prefix, partitionOf(hour, granularity))
      const all = [...held, ...fragments]
      const inputs = fragments.map(({ name }) => fragmentKey(prefix, name))
      const paths = [...(held.length > 0 ? [key] : []), ...inputs].map((input) => quote(pathOf(input)))
      const names = Object.fromEntries(all.map(({ id, name }) => [name, statSync(pathOf(lake.markKey(id))).mtimeMs]))
      const rows = all.reduce((sum, fragment) => sum + fragment.rows, 0)
      const complete = { names, adjusted: {}, forgotten: 0, generation: 1, runId: 'run', rows, ...lineage }
      const footer = formatLineage(complete)
      const sql = `FROM read_parquet([${paths.join()}], union_by_name = true, hive_partitioning = false) ORDER BY timestamp`
      await copy(sql, `${key}.part`, footer)
      renameSync(pathOf(`${key}.part`), pathOf(key))
      return key
    },
    remove(fragments: readonly Written[]): void {
      for (const { name } of fragments) rmSync(pathOf(fragmentKey(prefix, name)))
    },
  }
  return lake
}

export type LakeWriter = ReturnType<typeof lakeWriter>

export function optionsOf(lake: LakeWriter): ReaderOptions {
  return {
    storage: localStorageAdapter(lake.root),
    prefix: lake.prefix,
    granularity: lake.granularity,
    readMetadata: async (file) => keyValues(await readFooter(file)),
    openPins: () => localPins(lake.root),
  }
}

/** Runs a command and gives its exit code and what it printed. */
export async function run(command: (write: (text: string) => boolean) => Promise<number>) {
  const parts: string[] = []
  const code = await command((part) => parts.push(part) > 0)
  const text = parts.join('')
  return { code, text, json: () => JSON.parse(text) }
}

/** A terminal that is none: what is piped into `query`, and what comes out. */
export function pipes(stdin = '', isTTY = false) {
  const input = new PassThrough()
  const output = new PassThrough()
  input.end(stdin)
  return {
    stdin: Object.assign(input, { isTTY }) as unknown as typeof process.stdin,
    stdout: output as unknown as typeof process.stdout,
    printed: () => String(output.read() ?? ''),
  }
}
