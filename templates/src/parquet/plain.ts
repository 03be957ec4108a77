import type { RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import type { Column, ColumnType, ColumnValue } from '../types.ts'
import { footerBytes, MAGIC } from './footer.ts'

const FITS: Record<ColumnType, (value: unknown) => boolean> = {
  // Labels may be numbers and booleans: as text they lose nothing.
  VARCHAR: (value) => typeof value !== 'object',
  BOOLEAN: (value) => typeof value === 'boolean',
  INTEGER: (value) => value === ((value as number) | 0),
  BIGINT: Number.isSafeInteger,
  DOUBLE: (value) => typeof value === 'number',
  TIMESTAMP: (value) => Number.isInteger(value) && Math.abs(value as number) <= 8.64e15,
}

/** Numbers for all that is not text, booleans too: DuckDB makes the columns' types of them. */
export function toCell({ name, type }: Column, value: ColumnValue, row: number): string | number | null {
  const missing = value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value))
  if (missing && name !== 'timestamp') return null
  if (!FITS[type](value))
    throw new Error(`column "${name}" is ${type}, but row ${row} has the ${typeof value} ${value}`)
  return type === 'VARCHAR' ? String(value) : Number(value)
}

/** The values of a column as bytes that grow: strings on the heap would take twice as much, and many collections. */
export class PlainColumn {
  readonly name: string
  readonly isText: boolean
  /** Numbers, or where a text begins in `texts`; NaN is NULL. */
  private values = new Float64Array(256)
  /** Texts as Parquet has them: UTF-8 after its length in four bytes. */
  private texts = Buffer.alloc(0)
  /** What the values will take in a page. */
  bytes = 0

  constructor(name: string, isText: boolean) {
    this.name = name
    this.isText = isText
  }

  set(row: number, cell: string | number | null): void {
    if (row >= this.values.length) {
      const grown = new Float64Array(row * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[row] = typeof cell === 'string' ? this.bytes : (cell ?? Number.NaN)
    if (typeof cell === 'number') this.bytes += 8
    if (typeof cell !== 'string') return
    const most = this.bytes + 4 + cell.length * 3
    if (most > this.texts.length) this.texts = Buffer.concat([this.texts], most * 2)
    const length = this.texts.write(cell, this.bytes + 4)
    this.bytes = this.texts.writeUInt32LE(length, this.bytes) + length
  }

  /** Rows by their numbers, equal ones as they came. */
  sorted(rows: number): number[] {
    const order = Array.from({ length: rows }, (_, row) => row)
    return order.sort((a, b) => (this.values[a] as number) - (this.values[b] as number) || a - b)
  }

  /** What precedes the values in a page: its header, and a bit a row that says whether there is a value. */
  pageHead(rows: readonly number[]): Uint8Array {
    const present = new Uint8Array((rows.length + 7) >> 3)
    rows.forEach((row, i) => {
      if (!Number.isNaN(this.values[row])) present[i >> 3] = (present[i >> 3] as number) | (1 << (i & 7))
    })
    const levels = new ByteWriter()
    levels.appendVarInt((present.length << 1) | 1)
    levels.appendBytes(present)
    const bytes = 4 + levels.offset + this.bytes
    const head = new ByteWriter()
    const page = { field_1: rows.length, field_2: 0, field_3: 3, field_4: 3 }
    serializeTCompactProtocol(head, { field_1: 0, field_2: bytes, field_3: bytes, field_5: page })
    head.appendUint32(levels.offset)
    head.appendBytes(levels.getBytes())
    return head.getBytes()
  }

  writeTo(file: Buffer, start: number, rows: readonly number[]): void {
    let at = start
    for (const row of rows) {
      const value = this.values[row] as number
      if (Number.isNaN(value)) continue
      if (!this.isText) at = file.writeDoubleLE(value, at)
      else at += this.texts.copy(file, at, value, value + 4 + this.texts.readUInt32LE(value))
    }
  }
}

/**
 * Rows in this order as the simplest Parquet there is (text or DOUBLE, one page a column): the way they enter DuckDB.
 * CSV loses rows over 2 MB and cannot tell every text from NULL; Arrow leaves a copy that is never freed.
 */
export function plainParquet(columns: readonly PlainColumn[], rows: readonly number[]): Uint8Array {
  const schema: SchemaElement[] = [{ name: 'rows', num_children: columns.length }]
  const group: RowGroup = { columns: [], total_byte_size: 0n, num_rows: BigInt(rows.length) }
  let end = MAGIC.length
  const pages = columns.map((column) => {
    const type = column.isText ? 'BYTE_ARRAY' : 'DOUBLE'
    const converted_type = column.isText ? 'UTF8' : undefined
    schema.push({ name: column.name, type, converted_type, repetition_type: 'OPTIONAL' })
    const head = column.pageHead(rows)
    const bytes = BigInt(head.length + column.bytes)
    const sizes = { num_values: group.num_rows, total_uncompressed_size: bytes, total_compressed_size: bytes }
    const place = { path_in_schema: [column.name], data_page_offset: BigInt(end) }
    group.columns.push({
      file_offset: 0n,
      meta_data: { type, codec: 'UNCOMPRESSED', encodings: [], ...sizes, ...place },
    })
    end += Number(bytes)
    return { column, head, start: end - Number(bytes) }
  })
  const footer = footerBytes(schema, rows.length > 0 ? [group] : [], {})
  const file = Buffer.allocUnsafe(end + footer.length)
  file.set(MAGIC)
  file.set(footer, end)
  for (const { column, head, start } of pages) {
    file.set(head, start)
    column.writeTo(file, start + head.length, rows)
  }
  return file
}
