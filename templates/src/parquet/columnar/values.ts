import type { ColumnType } from '../../types.ts'
import { ByteSink, bitWidth, writeDeltas, writeRun } from './encodings.ts'
import type { NumberColumn } from './number-column.ts'
import type { ENCODINGS } from './pages.ts'
import { TextColumn } from './text-column.ts'

/** Longer texts are no good bounds, and a footer is read often. */
const MAX_BOUND_BYTES = 1000
/** Sums and differences of integers below this are exact. */
const EXACT = 2 ** 51

/** The values of a column chunk without its NULLs, ready to be cut into pages. */
export interface EncodedValues {
  encoding: keyof typeof ENCODINGS
  /** Its values in PLAIN; the data pages then hold their numbers. */
  dictionary?: { bytes: Uint8Array; values: number }
  /** About what `write` makes of all. */
  bytes: number
  /** Values from one to before another, as the data of a page. */
  write(sink: ByteSink, from: number, to: number): void
  /** Least and greatest, where known. */
  bounds?: [number, number] | [string, string]
}

/** Of a column that is NULL throughout. */
const NO_VALUES: EncodedValues = { encoding: 'PLAIN', bytes: 0, write() {} }

/** These rows of a column of texts, none of them NULL. */
export function encodeTexts(column: TextColumn, rows: Uint32Array): EncodedValues {
  if (rows.length === 0) return NO_VALUES
  const codes = new Int32Array(rows.length)
  const isUsed = new Uint8Array(column.values)
  for (let i = 0; i < rows.length; i++) {
    const code = column.codes[rows[i] as number] as number
    codes[i] = code
    isUsed[code] = 1
  }
  const bounds = boundsOf(column, isUsed)
  const lengthOf = (value: number) => (column.ends[value] as number) - column.startOf(value)
  if (column.isDictionary && column.values * 2 <= rows.length) {
    const sink = new ByteSink(column.startOf(column.values) + 4 * column.values)
    for (let value = 0; value < column.values; value++) {
      sink.length = sink.buffer.writeUInt32LE(lengthOf(value), sink.length)
      sink.append(column.utf8, column.startOf(value), lengthOf(value))
    }
    return { ...withDictionary({ bytes: sink.bytes, values: column.values }, codes), bounds }
  }
  const lengths = new Int32Array(rows.length)
  let bytes = 0
  for (let i = 0; i < rows.length; i++) bytes += lengths[i] = lengthOf(codes[i] as number)
  return {
    encoding: 'DELTA_LENGTH_BYTE_ARRAY',
    bytes,
    bounds,
    write(sink, from, to) {
      writeDeltas(sink, lengths.subarray(from, to))
      for (let i = from; i < to; i++) sink.append(column.utf8, column.startOf(codes[i] as number), lengths[i] as number)
    },
  }
}

/** Least and greatest of the used values by their bytes, which is the order of the format. */
function boundsOf(column: TextColumn, isUsed: Uint8Array): [string, string] | undefined {
  let least = -1
  let greatest = -1
  for (let value = 0; value < column.values; value++) {
    if (isUsed[value] === 0) continue
    if (least < 0 || column.isLess(value, least)) least = value
    if (greatest < 0 || column.isLess(greatest, value)) greatest = value
  }
  if (least < 0) return undefined
  const [from, to] = [least, greatest].map((value) => column.textAt(value)) as [string, string]
  return from.length > MAX_BOUND_BYTES || to.length > MAX_BOUND_BYTES ? undefined : [from, to]
}

/** These rows of a column of numbers, none of them NULL. */
export function encodeNumbers(column: NumberColumn, type: ColumnType, rows: Uint32Array): EncodedValues {
  if (rows.length === 0) return NO_VALUES
  const values = new Float64Array(rows.length)
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < rows.length; i++) {
    const value = column.values[rows[i] as number] as number
    values[i] = value
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  const bounds: [number, number] = [least, greatest]
  if (type === 'BOOLEAN') return { ...plainBooleans(values), bounds }
  const plain = plainWriter(type)
  // A dictionary of doubles pays while most come twice; integers are packed well without one.
  const uses = { DOUBLE: 2, INTEGER: 16, BIGINT: 16, TIMESTAMP: 0, VARCHAR: 0 }[type]
  const found = uses > 0 ? dictionaryOf(values, uses) : null
  if (found) {
    const sink = new ByteSink(found.values.length * 8)
    plain(sink, found.values, 0, found.values.length)
    return { ...withDictionary({ bytes: sink.bytes, values: found.values.length }, found.codes), bounds }
  }
  const isShort = Math.max(-least, greatest) < (type === 'INTEGER' ? 2 ** 30 : EXACT)
  const isDelta = isShort && type !== 'DOUBLE'
  const write = isDelta
    ? (sink: ByteSink, from: number, to: number) => writeDeltas(sink, values.subarray(from, to))
    : (sink: ByteSink, from: number, to: number) => plain(sink, values, from, to)
  return { encoding: isDelta ? 'DELTA_BINARY_PACKED' : 'PLAIN', bytes: values.length * 8, bounds, write }
}

/** The different numbers, told apart by their bits, and by row which it is; null if they do not come often enough. */
function dictionaryOf(values: Float64Array, uses: number): { values: Float64Array; codes: Int32Array } | null {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const column = new TextColumn()
  for (let i = 0; i < values.length; i++) {
    column.setBytes(i, bytes, i * 8, i * 8 + 8)
    if (column.values * uses > values.length || !column.isDictionary) return null
  }
  const different = new Uint8Array(column.utf8.subarray(0, column.values * 8))
  return { values: new Float64Array(different.buffer), codes: column.codes.subarray(0, values.length) }
}

function withDictionary(dictionary: { bytes: Uint8Array; values: number }, codes: Int32Array): EncodedValues {
  const width = Math.max(1, bitWidth(dictionary.values - 1))
  return {
    encoding: 'RLE_DICTIONARY',
    dictionary,
    bytes: (codes.length * width) >> 3,
    write(sink, from, to) {
      sink.reserve(1)
      sink.buffer[sink.length++] = width
      writeRun(sink, codes.subarray(from, to), width)
    },
  }
}

function plainWriter(type: ColumnType) {
  return (sink: ByteSink, values: Float64Array, from: number, to: number) => {
    sink.reserve((to - from) * 8)
    const view = new DataView(sink.buffer.buffer, sink.buffer.byteOffset)
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      if (type === 'INTEGER') view.setInt32(sink.length, value, true)
      else if (type === 'DOUBLE') view.setFloat64(sink.length, value, true)
      else view.setBigInt64(sink.length, BigInt(value), true)
      sink.length += type === 'INTEGER' ? 4 : 8
    }
  }
}

const plainBooleans = (values: Float64Array): EncodedValues => ({
  encoding: 'PLAIN',
  bytes: values.length >> 3,
  write(sink, from, to) {
    sink.reserve(((to - from) >> 3) + 1)
    for (let i = from; i < to; i++) sink.bits(values[i] as number, 1)
    sink.flushBits()
  },
})
