import type { ColumnMetaData, RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { footerBytes, MAGIC } from './footer.ts'

export interface PlainColumn {
  name: string
  text: boolean
  /** Text or numbers, as `text` says. */
  values: readonly (string | number | null)[]
}

/**
 * The simplest Parquet there is (uncompressed, one page a column, text or DOUBLE): the way rows enter DuckDB. CSV loses
 * rows over 2 MB and cannot tell every text from NULL; Arrow costs another library, and a copy that is never freed.
 */
export function plainParquet(columns: readonly PlainColumn[], rows: number): Uint8Array {
  const parts: Uint8Array[] = [MAGIC]
  let position = MAGIC.length
  const chunks = columns.map(({ name, text, values }): ColumnMetaData => {
    const page = plainPage(values)
    const size = BigInt(page.reduce((bytes, part) => bytes + part.length, 0))
    const offset = position
    parts.push(...page)
    position += Number(size)
    return {
      type: text ? 'BYTE_ARRAY' : 'DOUBLE',
      encodings: ['PLAIN', 'RLE'],
      path_in_schema: [name],
      codec: 'UNCOMPRESSED',
      num_values: BigInt(rows),
      total_uncompressed_size: size,
      total_compressed_size: size,
      data_page_offset: BigInt(offset),
    }
  })
  const schema: SchemaElement[] = [{ name: 'rows', num_children: columns.length }]
  for (const { name, text } of columns) {
    const type = text ? ({ type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const) : ({ type: 'DOUBLE' } as const)
    schema.push({ name, repetition_type: 'OPTIONAL', ...type })
  }
  const group: RowGroup = {
    columns: chunks.map((meta_data) => ({ file_offset: 0n, meta_data })),
    total_byte_size: BigInt(position - MAGIC.length),
    num_rows: BigInt(rows),
  }
  return Buffer.concat([...parts, footerBytes(schema, rows > 0 ? [group] : [])])
}

/** A data page: its header, one bit a row (is there a value?) and the values that are there. */
function plainPage(values: readonly (string | number | null)[]): Uint8Array[] {
  const present = new Uint8Array((values.length + 7) >> 3)
  let size = 0
  values.forEach((value, row) => {
    if (value === null) return
    present[row >> 3] = (present[row >> 3] as number) | (1 << (row & 7))
    size += typeof value === 'string' ? 4 + Buffer.byteLength(value) : 8
  })
  const data = Buffer.allocUnsafe(size)
  let at = 0
  for (const value of values) {
    if (typeof value === 'string') {
      const length = data.write(value, at + 4)
      data.writeUInt32LE(length, at)
      at += 4 + length
    } else if (value !== null) at = data.writeDoubleLE(value, at)
  }
  const levels = new ByteWriter()
  levels.appendVarInt((present.length << 1) | 1)
  levels.appendBytes(present)
  const header = new ByteWriter()
  const bytes = 4 + levels.offset + data.length
  const encodings = { field_2: 0, field_3: 3, field_4: 3 }
  serializeTCompactProtocol(header, {
    field_1: 0,
    field_2: bytes,
    field_3: bytes,
    field_5: { field_1: values.length, ...encodings },
  })
  header.appendUint32(levels.offset)
  return [header.getBytes(), levels.getBytes(), data]
}
