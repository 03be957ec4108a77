import type { RowGroup, SchemaElement } from 'hyparquet'
import { MAGIC, type RowGroupSource } from '../footer.ts'
import type { NamedType } from '../row-groups.ts'
import { encodeChunk, STORED } from './column-chunk.ts'
import { NumberColumn } from './number-column.ts'
import type { Codec } from './pages.ts'
import { scratchNumbers, scratchOrder } from './scratch.ts'
import { type Memory, TextColumn } from './text-column.ts'
import { boundsOfNumbers } from './values.ts'

export type ColumnData = TextColumn | NumberColumn

export const openColumns = (columns: readonly NamedType[], memory?: Memory): ColumnData[] =>
  columns.map(({ type }) => (type === 'VARCHAR' ? new TextColumn(memory) : new NumberColumn()))

export const schemaOf = (columns: readonly NamedType[]): SchemaElement[] => [
  { name: 'rows', num_children: columns.length },
  ...columns.map(({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...STORED[type] })),
]

/** These rows as a row group that lies right behind the magic of a file of its own. */
export function encodeRowGroup(
  columns: readonly NamedType[],
  data: readonly ColumnData[],
  rows: Uint32Array,
  codec: Codec,
): RowGroupSource {
  const group: RowGroup = { columns: [], total_byte_size: 0n, num_rows: BigInt(rows.length) }
  const parts: Uint8Array[] = []
  let offset = MAGIC.length
  for (const [i, column] of columns.entries()) {
    const { parts: pages, metadata } = encodeChunk(column, data[i] as ColumnData, rows, { offset, codec })
    group.columns.push({ file_offset: 0n, meta_data: metadata })
    group.total_byte_size += metadata.total_uncompressed_size
    offset += Number(metadata.total_compressed_size)
    parts.push(...pages)
  }
  const bytes = Buffer.concat([MAGIC, ...parts])
  const read = async (from: number, length: number) => bytes.subarray(from, from + length)
  return { input: { name: 'rows just encoded', size: bytes.length, read }, group }
}

/** The first `rows` rows by their time, equal ones in their order, those without a time last. */
export function sortedByTime(times: Float64Array, rows: number): Uint32Array {
  const order = scratchOrder(rows)
  const keys = scratchNumbers(rows)
  const [least, greatest] = boundsOfNumbers(times.subarray(0, rows))
  const span = greatest + 2 - least
  const scale = 2 ** Math.ceil(Math.log2(rows + 1))
  // Then time and row are one number, which the runtime sorts without being asked to compare.
  const isOneNumber = span > 0 && span * scale < 2 ** 53
  for (let row = 0; row < rows; row++) {
    const time = (times[row] as number) <= greatest ? (times[row] as number) : greatest + 1
    keys[row] = isOneNumber ? (time - least) * scale + row : time
  }
  if (!isOneNumber) return order.map((_, row) => row).sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b)
  keys.sort()
  for (let i = 0; i < rows; i++) {
    const key = keys[i] as number
    order[i] = key - Math.floor(key / scale) * scale
  }
  return order
}
