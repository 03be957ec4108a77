import type { ColumnMetaData, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { footerBytes, MAGIC } from './footer.ts'

export type Cell = string | number | null

/**
 * Rows in this order as the simplest Parquet there is (uncompressed text or DOUBLE, one page a column): the way they
 * enter DuckDB. CSV loses rows over 2 MB and cannot tell every text from NULL; Arrow leaves a copy that is never freed.
 */
export function plainParquet(columns: readonly { name: string; text: boolean; cells: Cell[] }[], order: number[]) {
  const parts: Uint8Array[] = [MAGIC]
  const schema: SchemaElement[] = [{ name: 'rows', num_children: columns.length }]
  const num_rows = BigInt(order.length)
  let position = BigInt(MAGIC.length)
  const chunks = columns.map(({ name, text, cells }) => {
    const stored = text ? ({ type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const) : ({ type: 'DOUBLE' } as const)
    schema.push({ name, repetition_type: 'OPTIONAL', ...stored })
    const page = plainPage(cells, order)
    const bytes = BigInt(page.reduce((sum, part) => sum + part.length, 0))
    parts.push(...page)
    position += bytes
    const size = { num_values: num_rows, total_uncompressed_size: bytes, total_compressed_size: bytes }
    const kind = { type: stored.type, codec: 'UNCOMPRESSED', encodings: ['PLAIN', 'RLE'], path_in_schema: [name] }
    return { file_offset: 0n, meta_data: { ...kind, ...size, data_page_offset: position - bytes } as ColumnMetaData }
  })
  const groups = order.length > 0 ? [{ columns: chunks, total_byte_size: position, num_rows }] : []
  return Buffer.concat([...parts, footerBytes(schema, groups, {})])
}

/** A data page: its header, a bit a row that says whether there is a value, and the values there are. */
function plainPage(cells: readonly Cell[], order: readonly number[]): Uint8Array[] {
  const present = new Uint8Array((order.length + 7) >> 3)
  let size = 0
  for (let i = 0; i < order.length; i++) {
    const cell = cells[order[i] as number] as Cell
    if (cell === null) continue
    present[i >> 3] = (present[i >> 3] as number) | (1 << (i & 7))
    size += typeof cell === 'string' ? 4 + Buffer.byteLength(cell) : 8
  }
  const data = Buffer.allocUnsafe(size)
  const view = new DataView(data.buffer, data.byteOffset)
  let at = 0
  for (const row of order) {
    const cell = cells[row] as Cell
    if (typeof cell === 'string') {
      const length = data.write(cell, at + 4)
      view.setUint32(at, length, true)
      at += 4 + length
    } else if (cell !== null) {
      view.setFloat64(at, cell, true)
      at += 8
    }
  }
  const levels = new ByteWriter()
  levels.appendVarInt((present.length << 1) | 1)
  levels.appendBytes(present)
  const header = new ByteWriter()
  const bytes = 4 + levels.offset + size
  const values = { field_1: order.length, field_2: 0, field_3: 3, field_4: 3 }
  serializeTCompactProtocol(header, { field_1: 0, field_2: bytes, field_3: bytes, field_5: values })
  header.appendUint32(levels.offset)
  return [header.getBytes(), levels.getBytes(), data]
}
