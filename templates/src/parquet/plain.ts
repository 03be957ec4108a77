import type { RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { footerBytes, MAGIC } from './footer.ts'

/** Texts lie in blocks of this size: one buffer that grows would leave as much behind for the collector. */
const BLOCK_BYTES = 1 << 16
/** Where a text lies is one number: its block times this, plus its place in there. */
const BLOCK = 2 ** 32

/** The values of a column as bytes that grow: strings on the heap would take twice as much, and many collections. */
export class PlainColumn {
  readonly name: string
  readonly isText: boolean
  /** Numbers, or where a text lies in `blocks`; NaN is NULL. */
  private values = new Float64Array(8)
  /** Texts as Parquet has them: UTF-8 after its length in four bytes. */
  private blocks: Buffer[] = []
  /** Where the last block is free. */
  private end = 0
  /** Memory taken, about. */
  bytes = 256

  constructor(name: string, isText: boolean) {
    this.name = name
    this.isText = isText
  }

  set(row: number, cell: string | number | null): void {
    if (row >= this.values.length) {
      const grown = new Float64Array(row * 2)
      grown.set(this.values)
      this.bytes += grown.byteLength - this.values.byteLength
      this.values = grown
    }
    this.values[row] = typeof cell === 'string' ? this.addText(cell) : (cell ?? Number.NaN)
  }

  private addText(text: string): number {
    const most = 4 + text.length * 3
    let block = this.blocks.at(-1)
    if (!block || block.length - this.end < most) {
      block = Buffer.allocUnsafe(Math.max(most, Math.min(this.bytes, BLOCK_BYTES)))
      this.bytes += block.length
      this.blocks.push(block)
      this.end = 0
    }
    const start = this.end
    const length = block.write(text, start + 4)
    this.end = block.writeUInt32LE(length, start) + length
    return (this.blocks.length - 1) * BLOCK + start
  }

  /** A text with its length before it. */
  private textAt(place: number): Buffer {
    const block = this.blocks[Math.floor(place / BLOCK)] as Buffer
    const start = place % BLOCK
    return block.subarray(start, start + 4 + block.readUInt32LE(start))
  }

  /** Rows by their numbers, equal ones as they came. */
  sorted(rows: number): number[] {
    const order = Array.from({ length: rows }, (_, row) => row)
    return order.sort((a, b) => (this.values[a] as number) - (this.values[b] as number) || a - b)
  }

  /** What the values of these rows take in a page. */
  bytesOf(rows: readonly number[]): number {
    let bytes = 0
    for (const row of rows) {
      const value = this.values[row] as number
      if (!Number.isNaN(value)) bytes += this.isText ? this.textAt(value).length : 8
    }
    return bytes
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
    const bytes = 4 + levels.offset + this.bytesOf(rows)
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
      else at += this.textAt(value).copy(file, at)
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
    const bytes = BigInt(head.length + column.bytesOf(rows))
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
