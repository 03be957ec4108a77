import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { columnarParquetMerger } from '../../templates/src/parquet/columnar/merger.ts'
import { EntryScanner } from '../../templates/src/parquet/columnar/scan.ts'
import { columnarParquetWriter } from '../../templates/src/parquet/columnar/writer.ts'
import { duckdbWasmParquetMerger, duckdbWasmParquetWriter } from '../../templates/src/parquet/duckdb-wasm.ts'
import type { MergeOptions } from '../../templates/src/parquet/merge.ts'
import type {
  AnalyticsEntry,
  Column,
  ColumnType,
  ColumnValue,
  FooterMetadata,
  MergeInput,
  ParquetMerger,
  ParquetWriter,
} from '../../templates/src/types.ts'

export type Row = Record<string, ColumnValue>

/** Columns that take their values as they lie in the row, which a test hands over in place of an entry. */
export function columnsOf(types: Record<string, ColumnType>): Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, type, value: (entry) => asRow(entry)[name] }))
}

const asRow = (entry: AnalyticsEntry) => entry as unknown as Row
const asEntry = (row: Row) => row as unknown as AnalyticsEntry

export const ALL_TYPES = columnsOf({
  timestamp: 'TIMESTAMP',
  text: 'VARCHAR',
  small: 'INTEGER',
  big: 'BIGINT',
  real: 'DOUBLE',
  flag: 'BOOLEAN',
  seen: 'TIMESTAMP',
})

export function inputOf(name: string, bytes: Uint8Array): MergeInput {
  return { name, size: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) }
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

let native: Promise<Awaited<ReturnType<DuckDBInstance['connect']>>> | undefined

/** Asks a current native DuckDB about files; `$0`, `$1` … in the SQL stand for their paths. */
export async function ask(sql: string, ...files: Uint8Array[]): Promise<Record<string, unknown>[]> {
  native ??= DuckDBInstance.create().then((instance) => instance.connect())
  const connection = await native
  const folder = mkdtempSync(join(tmpdir(), 'parquet-'))
  try {
    const paths = files.map((bytes, i) => {
      const path = join(folder, `${i}.parquet`)
      writeFileSync(path, bytes)
      return path
    })
    const reader = await connection.runAndReadAll(sql.replace(/\$(\d+)/g, (_, i) => `'${paths[Number(i)]}'`))
    return reader.getRowObjectsJson()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface NamedEngine {
  name: string
  writer: ParquetWriter
  merger(options?: MergeOptions): ParquetMerger
  /** Rows as they lie in the columns of `columnsOf`. */
  write(columns: readonly Column[], rows: readonly Row[], metadata?: FooterMetadata): Promise<Uint8Array>
}

function engine(name: string, writer: ParquetWriter, merger: NamedEngine['merger']): NamedEngine {
  return {
    name,
    writer,
    merger,
    async write(columns, rows, metadata = {}) {
      const batch = writer.open(columns)
      for (const row of rows) batch.add(asEntry(row))
      return batch.finish(metadata)
    },
  }
}

export const duckdbWasm = engine('duckdb-wasm', duckdbWasmParquetWriter(), duckdbWasmParquetMerger)
export const columnar = engine('columnar', columnarParquetWriter(new EntryScanner()), columnarParquetMerger)
export const ENGINES = [duckdbWasm, columnar]
export const { write } = duckdbWasm
