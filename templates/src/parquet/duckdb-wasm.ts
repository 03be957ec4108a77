import { parquetMetadata, type RowGroup } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { readAll } from '../lake/state.ts'
import type { AnalyticsEntry, Column, FooterMetadata, ParquetMerger, ParquetWriter } from '../types.ts'
import { toCell } from './cells.ts'
import { startDuckDB } from './duckdb.ts'
import { FOOTER_OPTIONS, joinRowGroups, type RowGroupSource } from './footer.ts'
import { type MergeOptions, mergerOf, type SourcePiece, schemaKey } from './merge.ts'
import { PlainColumn, plainParquet } from './plain.ts'
import type { NamedType } from './row-groups.ts'

/** Rows that are encoded at once, as a row group: DuckDB takes four times their bytes for it, and never gives them back. */
const ROWS_AT_ONCE = 25_000

/** One DuckDB serves the whole process, because the memory of a WebAssembly module never shrinks. */
let running: ReturnType<typeof startDuckDB> | undefined

/** These expressions over all rows of the files, as ZSTD Parquet of one row group. */
async function encode(files: Uint8Array[], rows: number, select: string[], order = '') {
  running ??= startDuckDB()
  const { db, connection } = await running
  const names = files.map((_, i) => `input-${i}.parquet`)
  const output = 'output.parquet'
  try {
    for (const [i, file] of files.entries()) db.registerFileBuffer(names[i] as string, file)
    // A name that is not registered would be a real file in the working folder.
    db.registerFileBuffer(output, new Uint8Array())
    const from = `read_parquet([${names.map((name) => `'${name}'`)}], union_by_name = true)`
    const options = `FORMAT PARQUET, CODEC 'ZSTD', ROW_GROUP_SIZE ${Math.max(rows, 1)}`
    connection.query(`COPY (SELECT ${select} FROM ${from} ${order}) TO '${output}' (${options})`)
    const bytes = db.copyFileToBuffer(output)
    const { num_rows, schema, row_groups } = parquetMetadata(bytes, FOOTER_OPTIONS)
    if (Number(num_rows) !== rows) throw new Error(`DuckDB wrote ${num_rows} rows of ${rows}`)
    for (const group of row_groups) mendDataOffsets(bytes, group)
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length)
    const input = { name: 'rows just encoded', size: bytes.length, read }
    return { bytes, schema, sources: row_groups.map((group): RowGroupSource => ({ input, group })) }
  } finally {
    for (const name of [output, ...names]) db.dropFile(name)
  }
}

/** This DuckDB forgets the header of a dictionary page when it notes where data begins; ClickHouse believes the note. */
function mendDataOffsets({ buffer, byteOffset, byteLength }: Uint8Array, { columns }: RowGroup): void {
  for (const { meta_data: chunk } of columns) {
    if (!chunk?.dictionary_page_offset) continue
    const reader = { view: new DataView(buffer, byteOffset, byteLength), offset: Number(chunk.dictionary_page_offset) }
    const { compressed_page_size } = parquetHeader(reader)
    chunk.data_page_offset = BigInt(reader.offset + compressed_page_size)
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

export const duckdbWasmParquetWriter = (): ParquetWriter => ({ extension: '.parquet', open: openBatch })

function openBatch(columns: readonly Column[]) {
  const plain = plainColumns(columns)
  const batch = {
    rows: 0,
    bytes: 0,
    add(entry: AnalyticsEntry) {
      const cells = columns.map((column) => toCell(column, column.value(entry), batch.rows + 1))
      for (const [i, cell] of cells.entries()) plain[i]?.set(batch.rows, cell)
      batch.rows++
      batch.bytes = plain.reduce((sum, column) => sum + column.bytes, 0)
    },
    async finish(metadata: FooterMetadata) {
      const { schema, sources } = await encodeRows(columns, plain, batch.rows)
      return readAll(joinRowGroups(schema, sources, () => metadata))
    },
  }
  return batch
}

const plainColumns = (columns: readonly NamedType[]) =>
  columns.map(({ name, type }) => new PlainColumn(name, type === 'VARCHAR'))

async function encodeRows(columns: readonly NamedType[], plain: readonly PlainColumn[], rows: number) {
  const order = plain.find(({ name }) => name === 'timestamp')?.sorted(rows) ?? []
  const typed = columns.map(({ name, type }) => {
    const column = quoted(name)
    return `${type === 'TIMESTAMP' ? `epoch_ms(${column}::BIGINT)` : `${column}::${type}`} AS ${column}`
  })
  const groups = []
  for (let at = 0; at === 0 || at < rows; at += ROWS_AT_ONCE) {
    const slice = order.slice(at, at + ROWS_AT_ONCE)
    groups.push(await encode([plainParquet(plain, slice)], slice.length, typed))
  }
  const [{ bytes, schema }] = groups as [(typeof groups)[0]]
  return { bytes, schema, sources: groups.flatMap(({ sources }) => sources) }
}

export function duckdbWasmParquetMerger(options: MergeOptions = {}): ParquetMerger {
  return mergerOf(async (columns) => {
    const { bytes: empty, schema } = await encodeRows(columns, plainColumns(columns), 0)
    return { schema, sort: (pieces) => sortPieces(pieces, columns, empty) }
  }, options)
}

/** The rows of these pieces as one row group. `empty` has the columns that none of them may have. */
async function sortPieces(pieces: SourcePiece[], target: NamedType[], empty: Uint8Array): Promise<RowGroupSource[]> {
  const files = [empty]
  for (const key of new Set(pieces.map(({ schema }) => schemaKey(schema)))) {
    const same = pieces.filter(({ schema }) => schemaKey(schema) === key) as [SourcePiece]
    files.push(await readAll(joinRowGroups(same[0].schema, same, () => ({}))))
  }
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const typed = target.map(({ name, type }) => `${quoted(name)}::${type} AS ${quoted(name)}`)
  try {
    return (await encode(files, rows, typed, 'ORDER BY "timestamp"')).sources
  } catch (cause) {
    const [piece, ...others] = pieces as [SourcePiece]
    if (others.length === 0) throw new Error(`${piece.input.name}: DuckDB cannot read it (${cause})`, { cause })
    for (const one of pieces) await sortPieces([one], target, empty)
    throw cause
  }
}
