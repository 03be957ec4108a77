import type { RowGroup, SchemaElement } from 'hyparquet'
import { MAGIC, type RowGroupSource } from '../footer.ts'
import type { NamedType } from '../row-groups.ts'
import { encodeChunk, STORED } from './column-chunk.ts'
import { NumberColumn } from './number-column.ts'
import type { Codec } from './pages.ts'
import { TextColumn } from './text-column.ts'

/** Of the radix sort. */
const DIGIT = 2048

export type ColumnData = TextColumn | NumberColumn

export const openColumns = (columns: readonly NamedType[]): ColumnData[] =>
  columns.map(({ type }) => (type === 'VARCHAR' ? new TextColumn() : new NumberColumn()))

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

/**
 * The first `rows` rows by their time, equal ones in their order: a radix sort, which is stable and needs no comparing.
 * Most logs are nearly sorted, but for requests that overlap.
 */
export function sortedByTime(times: Float64Array, rows: number): Uint32Array {
  let order = new Uint32Array(rows)
  let [least, greatest, isSorted] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true]
  for (let row = 0; row < rows; row++) {
    const time = times[row] as number
    order[row] = row
    if (time < greatest) isSorted = false
    else greatest = time
    if (time < least) least = time
  }
  if (isSorted) return order
  // Differences from here on are no longer exact, but still tell which is greater.
  if (greatest - least >= 2 ** 53) return order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b)
  let spare = new Uint32Array(rows)
  for (let unit = 1; unit <= greatest - least; unit *= DIGIT) {
    const digits = new Uint16Array(rows)
    const starts = new Uint32Array(DIGIT + 1)
    for (let i = 0; i < rows; i++) {
      const digit = Math.floor(((times[order[i] as number] as number) - least) / unit) % DIGIT
      digits[i] = digit
      starts[digit + 1] = (starts[digit + 1] as number) + 1
    }
    for (let digit = 1; digit < DIGIT; digit++)
      starts[digit] = (starts[digit] as number) + (starts[digit - 1] as number)
    for (let i = 0; i < rows; i++) {
      const digit = digits[i] as number
      const at = starts[digit] as number
      spare[at] = order[i] as number
      starts[digit] = at + 1
    }
    ;[order, spare] = [spare, order]
  }
  return order
}
