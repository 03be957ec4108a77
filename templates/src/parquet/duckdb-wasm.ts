import { createRequire } from 'node:module'
import type { FileMetaData, RowGroup } from 'hyparquet'
import type { Column, ColumnValue, MergeInput, ParquetMerger, ParquetWriter } from '../types.ts'
import * as parquet from './footer.ts'
import { plainParquet } from './plain.ts'
import { type NamedType, type Piece, planMerge, unionColumns } from './row-groups.ts'

/** The last release with Parquet built in: later ones fetch it from the network at run time. */
const VERSION = '1.28.0'
const OUTPUT = 'output.parquet'
/** What is copied is read in pieces of this many bytes; a row group to sort takes at most the other, uncompressed. */
const READ_BYTES = 4 * 1024 * 1024
const ROW_GROUP_BYTES = 64 * 1024 * 1024

let running: ReturnType<typeof start> | undefined

async function start() {
  const duckdb = await import('@duckdb/duckdb-wasm/blocking').catch((cause) => {
    throw new Error(`Parquet is written by DuckDB: npm install --save-exact @duckdb/duckdb-wasm@${VERSION}`, { cause })
  })
  if (duckdb.PACKAGE_VERSION !== VERSION) {
    throw new Error(`DuckDB is ${duckdb.PACKAGE_VERSION}: npm install --save-exact @duckdb/duckdb-wasm@${VERSION}`)
  }
  const mainModule = createRequire(import.meta.url).resolve('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm')
  const bundle = { mainModule, mainWorker: '' }
  const db = await duckdb.createDuckDB({ mvp: bundle, eh: bundle }, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME)
  await db.instantiate()
  db.open({})
  return { db, connection: db.connect() }
}

/** Rows of these Parquet files, as ZSTD Parquet of one row group. One DuckDB serves all: its memory never shrinks. */
async function encode(files: readonly Uint8Array[], rows: number, select: string): Promise<Uint8Array> {
  running ??= start()
  const { db, connection } = await running
  const names = files.map((_, i) => `input-${i}.parquet`)
  try {
    for (const [i, file] of files.entries()) db.registerFileBuffer(names[i] as string, file)
    // A name that is not registered would be a real file in the working folder.
    db.registerFileBuffer(OUTPUT, new Uint8Array())
    const from = `read_parquet([${names.map((name) => `'${name}'`)}], union_by_name = true)`
    const options = `FORMAT PARQUET, CODEC 'ZSTD', ROW_GROUP_SIZE ${Math.max(rows, 1)}`
    connection.query(`COPY (${select.replace('$rows', () => from)}) TO '${OUTPUT}' (${options})`)
    const encoded = db.copyFileToBuffer(OUTPUT)
    const written = Number(parquet.parseFooter(encoded).num_rows)
    if (written !== rows) throw new Error(`DuckDB wrote ${written} rows of ${rows}`)
    return encoded
  } finally {
    for (const name of [OUTPUT, ...names]) db.dropFile(name)
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

export function duckdbWasmParquetWriter(): ParquetWriter {
  return {
    extension: '.parquet',
    open(columns) {
      const cells: (string | number | null)[][] = columns.map(() => [])
      let rows = 0
      let bytes = 0
      return {
        get rows() {
          return rows
        },
        get bytes() {
          return bytes
        },
        add(entry) {
          columns.forEach((column, i) => {
            const cell = toCell(column, column.value(entry), rows)
            ;(cells[i] as (typeof cell)[])[rows] = cell
            bytes += typeof cell === 'string' ? 24 + cell.length : 16
          })
          rows++
        },
        async finish(metadata) {
          return parquet.withMetadata(await encodeCells(columns, cells, rows), metadata)
        },
      }
    },
  }
}

/** Numbers for all that is not text, booleans too: DuckDB makes the columns' types of them. */
function toCell({ name, type }: Column, value: ColumnValue, row: number): string | number | null {
  const missing = value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value))
  if (missing && name !== 'timestamp') return null
  // Labels may be numbers and booleans: as text they lose nothing.
  if (type === 'VARCHAR') return String(value)
  if (type === 'BOOLEAN' ? typeof value === 'boolean' : typeof value === 'number' && fits(type, value))
    return Number(value)
  throw new Error(`column "${name}" is ${type}, but row ${row + 1} of the batch holds ${JSON.stringify(value)}`)
}

function fits(type: Column['type'], value: number): boolean {
  if (type === 'INTEGER') return value === (value | 0)
  if (type === 'TIMESTAMP') return Number.isInteger(value) && Math.abs(value) <= 8.64e15
  return type === 'DOUBLE' || Number.isSafeInteger(value)
}

function encodeCells(columns: readonly NamedType[], cells: readonly (string | number | null)[][], rows: number) {
  const times = cells[columns.findIndex(({ name }) => name === 'timestamp')] as number[]
  const order = Array.from({ length: rows }, (_, row) => row)
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b)
  const plain = columns.map(({ name, type }, i) => {
    const column = cells[i] as (string | number | null)[]
    return { name, text: type === 'VARCHAR', values: order.map((row) => column[row] as string | number | null) }
  })
  const typed = columns.map(({ name, type }) => {
    const value = quoted(name)
    return `${type === 'TIMESTAMP' ? `epoch_ms(${value}::BIGINT)` : `${value}::${type}`} AS ${value}`
  })
  return encode([plainParquet(plain, rows)], rows, `SELECT ${typed} FROM $rows`)
}

interface SourcePiece extends Piece {
  input: MergeInput
  footer: FileMetaData
  group: RowGroup
}

export function duckdbWasmParquetMerger({ rowGroupRows = 100_000 } = {}): ParquetMerger {
  return {
    readMetadata: async (input) => parquet.keyValues(await parquet.readFooter(input)),
    async *merge(inputs, columns, metadata) {
      const files: { input: MergeInput; footer: FileMetaData }[] = []
      for (const input of inputs) files.push({ input, footer: await parquet.readFooter(input) })
      const target = unionColumns(columns, files)
      const cells = target.map(() => [])
      const empty = await encodeCells(target, cells, 0)
      const { schema } = parquet.parseFooter(empty)
      const pieces = files.flatMap(({ input, footer }) => piecesOf(input, footer, schema))
      const groups: RowGroup[] = []
      let position = parquet.MAGIC.length
      yield parquet.MAGIC
      for (const step of planMerge(pieces, { rowGroupRows, rowGroupBytes: ROW_GROUP_BYTES })) {
        const { input, group } = 'copy' in step ? step.copy : await sortPieces(empty, target, step.encode)
        const { offset, end } = parquet.rowGroupRange(group)
        for (let at = offset; at < end; at += READ_BYTES) {
          yield await parquet.readExactly(input, at, Math.min(READ_BYTES, end - at))
        }
        groups.push(parquet.shiftRowGroup(group, position - offset))
        position += end - offset
      }
      const rows = Number(parquet.countRows(groups))
      const expected = files.reduce((sum, { footer }) => sum + Number(footer.num_rows), 0)
      if (rows !== expected) throw new Error(`merging ${expected} rows gave ${rows}`)
      yield parquet.footerBytes(schema, groups, metadata(rows))
    },
  }
}

const sameSchema = (a: FileMetaData['schema'], b: FileMetaData['schema']) =>
  JSON.stringify(a.slice(1)) === JSON.stringify(b.slice(1))

function piecesOf(input: MergeInput, footer: FileMetaData, target: FileMetaData['schema']): SourcePiece[] {
  const time = footer.schema.slice(1).findIndex(({ name }) => name === 'timestamp')
  return footer.row_groups.map((group) => ({
    input,
    footer,
    group,
    rows: Number(group.num_rows),
    bytes: Number(group.total_byte_size),
    from: Number(group.columns[time]?.meta_data?.statistics?.min_value ?? 0),
    copyable: sameSchema(footer.schema, target),
  }))
}

/** The rows of these pieces sorted into one row group. `empty` has the columns that none of them may have. */
async function sortPieces(empty: Uint8Array, target: readonly NamedType[], pieces: SourcePiece[]) {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const files = [empty]
  for (const rest = [...pieces]; rest.length > 0; ) {
    const [first] = rest as [SourcePiece]
    const alike = rest.filter((piece) => sameSchema(piece.footer.schema, first.footer.schema))
    files.push(await joinPieces(alike))
    rest.splice(0, rest.length, ...rest.filter((piece) => !alike.includes(piece)))
  }
  const typed = target.map(({ name, type }) => `${quoted(name)}::${type} AS ${quoted(name)}`)
  try {
    const file = await encode(files, rows, `SELECT ${typed} FROM $rows ORDER BY "timestamp"`)
    const read = async (offset: number, length: number) => file.subarray(offset, offset + length)
    const group = parquet.parseFooter(file).row_groups[0] as RowGroup
    return { group, input: { name: 'sorted rows', size: file.length, read } }
  } catch (cause) {
    const [piece] = pieces as [SourcePiece]
    if (pieces.length === 1) throw new Error(`${piece.input.name} cannot be read by DuckDB: ${cause}`, { cause })
    for (const one of pieces) await sortPieces(empty, target, [one])
    throw cause
  }
}

/** One file of row groups that share a schema. */
async function joinPieces(pieces: readonly SourcePiece[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [parquet.MAGIC]
  const groups: RowGroup[] = []
  let position = parquet.MAGIC.length
  for (const { input, group } of pieces) {
    const { offset, end } = parquet.rowGroupRange(group)
    parts.push(await parquet.readExactly(input, offset, end - offset))
    groups.push(parquet.shiftRowGroup(group, position - offset))
    position += end - offset
  }
  return Buffer.concat([...parts, parquet.footerBytes((pieces[0] as SourcePiece).footer.schema, groups)])
}
