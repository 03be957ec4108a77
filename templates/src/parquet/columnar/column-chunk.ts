import type { ColumnMetaData, Statistics } from 'hyparquet'
import type { ColumnType } from '../../types.ts'
import type { NamedType } from '../row-groups.ts'
import { ByteSink } from './byte-sink.ts'
import type { NumberColumn } from './number-column.ts'
import { type Codec, dataPage, dictionaryPage, type Page } from './pages.ts'
import { TextColumn } from './text-column.ts'
import { encodeNumbers, encodeTexts } from './values.ts'

/** How a type is stored: https://parquet.apache.org/docs/file-format/types/ */
export const STORED = {
  TIMESTAMP: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  VARCHAR: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  INTEGER: { type: 'INT32', converted_type: 'INT_32' },
  BIGINT: { type: 'INT64', converted_type: 'INT_64' },
  DOUBLE: { type: 'DOUBLE', converted_type: undefined },
  BOOLEAN: { type: 'BOOLEAN', converted_type: undefined },
} as const

/** A page is read as a whole: about this large, where rows are alike. */
const PAGE_BYTES = 1 << 20
/** The page at hand, before it is compressed. */
let sink = new ByteSink(PAGE_BYTES / 4)

/** These rows of a column in this order: https://parquet.apache.org/docs/file-format/data-pages/ */
export function encodeChunk(
  { name, type }: NamedType,
  column: TextColumn | NumberColumn,
  rows: Uint32Array,
  { offset, codec }: { offset: number; codec: Codec },
): { parts: Uint8Array[]; metadata: ColumnMetaData } {
  const { present, isPresent } = presence(column, rows)
  const encoded = column instanceof TextColumn ? encodeTexts(column, present) : encodeNumbers(column, type, present)
  const { dictionary, encoding, bounds } = encoded
  const parts: Uint8Array[] = []
  let [compressed, uncompressed] = [0, 0]
  const add = (page: Page) => {
    parts.push(...page.parts)
    for (const { length } of page.parts) compressed += length
    uncompressed += page.uncompressed
  }
  if (dictionary) add(dictionaryPage(dictionary.bytes, dictionary.values, codec))
  const data_page_offset = BigInt(offset + compressed)
  const pages = Math.max(1, Math.ceil(encoded.bytes / PAGE_BYTES))
  const pageRows = Math.ceil(rows.length / pages)
  for (let row = 0, value = 0; row < rows.length; row += pageRows) {
    const levels = isPresent?.subarray(row, row + pageRows)
    const count = Math.min(pageRows, rows.length - row)
    const nulls = levels?.reduce((left, one) => left - one, count) ?? 0
    const end = value + count - nulls
    sink.length = 0
    encoded.write(sink, value, end)
    add(dataPage({ rows: count, nulls, isPresent: levels, encoding, values: sink.bytes }, codec))
    value = end
  }
  // Its memory is kept for the next chunk, unless a few rows took much of it.
  if (sink.view.byteLength > 4 * PAGE_BYTES) sink = new ByteSink(PAGE_BYTES / 4)
  const metadata: ColumnMetaData = {
    type: STORED[type].type,
    encodings: ['RLE', 'PLAIN', encoding],
    path_in_schema: [name],
    codec: codec.name,
    num_values: BigInt(rows.length),
    total_uncompressed_size: BigInt(uncompressed),
    total_compressed_size: BigInt(compressed),
    data_page_offset,
    dictionary_page_offset: dictionary && BigInt(offset),
    statistics: { null_count: BigInt(rows.length - present.length), ...(bounds && statisticsOf(type, bounds)) },
  }
  return { parts, metadata }
}

/** The rows that have a value; and where others are NULL, a 1 or a 0 for each row. */
function presence(column: TextColumn | NumberColumn, rows: Uint32Array) {
  if (column.nulls === 0) return { present: rows }
  const present = rows.filter((row) => !column.isNull(row))
  if (present.length === rows.length) return { present }
  const isPresent = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) if (!column.isNull(rows[i] as number)) isPresent[i] = 1
  return { present, isPresent }
}

function statisticsOf(type: ColumnType, [least, greatest]: [number, number] | [string, string]): Statistics {
  const stored = (value: number | string) => {
    if (type === 'TIMESTAMP') return new Date(value)
    if (type === 'BIGINT') return BigInt(value)
    return type === 'BOOLEAN' ? value === 1 : value
  }
  // A zero may be of either sign: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
  const isZero = (bound: number | string) => type === 'DOUBLE' && bound === 0
  const [min_value, max_value] = [stored(isZero(least) ? -0 : least), stored(isZero(greatest) ? 0 : greatest)]
  // With what is exact DuckDB answers by itself: it reads no row for the last time of a file.
  return { min_value, max_value, is_min_value_exact: !isZero(least), is_max_value_exact: !isZero(greatest) }
}
