import type { ColumnMetaData, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { footerBytes, MAGIC } from './footer.ts'

export type Cell = string | number | null

/** The growing values of a column as bytes: as strings on the heap they would cost twice as much, and collections. */
export class PlainColumn {
  readonly name: string
  readonly isText: boolean
  /** Numbers, or where a text begins in `texts`; NaN is NULL. */
  values = new Float64Array(256)
  /** Texts as Parquet has them: UTF-8 after its length in four bytes. */
  texts = Buffer.alloc(0)
  textBytes = 0

  constructor(name: string, isText: boolean) {
    this.name = name
    this.isText = isText
  }

  set(row: number, cell: Cell): void {
    if (row >= this.values.length) {
      const grown = new Float64Array(row * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[row] = typeof cell === 'string' ? this.textBytes : (cell ?? Number.NaN)
    if (typeof cell !== 'string') return
    const most = this.textBytes + 4 + cell.length * 3
    if (most > this.texts.length) this.texts = Buffer.concat([this.texts], most * 2)
    const length = this.texts.write(cell, this.textBytes + 4)
    this.texts.writeUInt32LE(length, this.textBytes)
    this.textBytes += 4 + length
  }
}

/**
 * Rows in this order as the simplest Parquet there is (uncompressed text or DOUBLE, one page a column): the way they
 * enter DuckDB. CSV loses rows over 2 MB and cannot tell every text from NULL; Arrow leaves a copy that is never freed.
 */
export function plainParquet(columns: readonly PlainColumn[], order: readonly number[]): Uint8Array {
  const schema: SchemaElement[] = [{ name: 'rows', num_children: columns.length }]
  const num_rows = BigInt(order.length)
  let end = MAGIC.length
  const chunks = columns.map((column) => {
    const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
    const stored = column.isText ? text : ({ type: 'DOUBLE' } as const)
    schema.push({ name: column.name, repetition_type: 'OPTIONAL', ...stored })
    const { head, dataBytes } = pageHead(column, order)
    const start = end
    end += head.length + dataBytes
    const bytes = BigInt(end - start)
    const size = { num_values: num_rows, total_uncompressed_size: bytes, total_compressed_size: bytes }
    const kind = {
      type: stored.type,
      codec: 'UNCOMPRESSED',
      encodings: ['PLAIN', 'RLE'],
      path_in_schema: [column.name],
    }
    return { column, head, start, meta_data: { ...kind, ...size, data_page_offset: BigInt(start) } as ColumnMetaData }
  })
  const described = chunks.map(({ meta_data }) => ({ file_offset: 0n, meta_data }))
  const groups = order.length > 0 ? [{ columns: described, total_byte_size: BigInt(end), num_rows }] : []
  const footer = footerBytes(schema, groups, {})
  const file = Buffer.allocUnsafe(end + footer.length)
  file.set(MAGIC)
  for (const { column, head, start } of chunks) {
    file.set(head, start)
    writeCells(file, start + head.length, column, order)
  }
  file.set(footer, end)
  return file
}

/** What comes before the values of a data page: its header, and a bit a row that says whether there is a value. */
function pageHead({ values, isText, textBytes }: PlainColumn, order: readonly number[]) {
  const present = new Uint8Array((order.length + 7) >> 3)
  let count = 0
  order.forEach((row, i) => {
    if (Number.isNaN(values[row])) return
    present[i >> 3] = (present[i >> 3] as number) | (1 << (i & 7))
    count++
  })
  const levels = new ByteWriter()
  levels.appendVarInt((present.length << 1) | 1)
  levels.appendBytes(present)
  const dataBytes = isText ? textBytes : count * 8
  const bytes = 4 + levels.offset + dataBytes
  const head = new ByteWriter()
  const page = { field_1: order.length, field_2: 0, field_3: 3, field_4: 3 }
  serializeTCompactProtocol(head, { field_1: 0, field_2: bytes, field_3: bytes, field_5: page })
  head.appendUint32(levels.offset)
  head.appendBytes(levels.getBytes())
  return { head: head.getBytes(), dataBytes }
}

function writeCells(file: Buffer, start: number, { values, isText, texts }: PlainColumn, order: readonly number[]) {
  const view = new DataView(file.buffer, file.byteOffset)
  let at = start
  for (const row of order) {
    const value = values[row] as number
    if (Number.isNaN(value)) continue
    if (isText) at += texts.copy(file, at, value, value + 4 + texts.readUInt32LE(value))
    else {
      view.setFloat64(at, value, true)
      at += 8
    }
  }
}
