import type { ColumnType } from '../../types.ts'
import { ByteSink } from './byte-sink.ts'
import { bitWidth, pack, writeDeltas, writeRun } from './encodings.ts'
import type { NumberColumn } from './number-column.ts'
import type { ENCODINGS } from './pages.ts'
import { scratchCodes, scratchDifferent, scratchFlags, scratchNumbers, scratchSlots } from './scratch.ts'
import { MAX_PROBES, type TextColumn } from './text-column.ts'
import { mix } from './words.ts'

/** Longer texts are no good bounds, and a footer is read often. */
const MAX_BOUND_BYTES = 1000
/** Sums and differences of integers below this are exact. */
const EXACT = 2 ** 51
/** Of numbers: a table of more would not stay in the processor's cache. */
const MAX_DICTIONARY = 65_536

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
  const codes = take(column.codes, rows, scratchCodes(rows.length))
  const bounds = boundsOf(column, codes)
  const lengths = scratchNumbers(rows.length)
  let bytes = 0
  for (let i = 0; i < codes.length; i++) {
    const length = column.lengthOf(codes[i] as number)
    lengths[i] = length
    bytes += length
  }
  const isRepeated = column.values * 2 <= rows.length || (column.starts[column.values] as number) * 2 <= bytes
  if (column.isDictionary && isRepeated)
    return { ...withDictionary({ bytes: plainTexts(column), values: column.values }, codes), bounds }
  return {
    encoding: 'DELTA_LENGTH_BYTE_ARRAY',
    bytes,
    bounds,
    write(sink, from, to) {
      writeDeltas(sink, lengths.subarray(from, to))
      writeTexts(sink, column, codes.subarray(from, to))
    },
  }
}

/** Values in another order. */
function take<T extends Int32Array | Float64Array>(values: T, rows: Uint32Array, taken: T): T {
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i] as number] as number
  return taken
}

function writeTexts(sink: ByteSink, column: TextColumn, codes: Int32Array): void {
  const { utf8, starts } = column
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number
    sink.text(utf8, starts[code] as number, column.lengthOf(code))
  }
}

/** All values of a column, each behind its length. */
function plainTexts(column: TextColumn): Uint8Array {
  const sink = new ByteSink((column.starts[column.values] as number) + 4 * column.values)
  for (let value = 0; value < column.values; value++) {
    const length = column.lengthOf(value)
    sink.view.setUint32(sink.length, length, true)
    sink.length += 4
    sink.text(column.utf8, column.starts[value] as number, length)
  }
  return sink.bytes
}

/** Least and greatest of these values by their bytes, which is the order of the format. */
function boundsOf(column: TextColumn, codes: Int32Array): [string, string] | undefined {
  const isSeen = scratchFlags(column.values).fill(0)
  let least = codes[0] as number
  let greatest = least
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number
    if (isSeen[code] === 1) continue
    isSeen[code] = 1
    if (column.isLess(code, least)) least = code
    else if (column.isLess(greatest, code)) greatest = code
  }
  const isLong = Math.max(column.lengthOf(least), column.lengthOf(greatest)) > MAX_BOUND_BYTES
  return isLong ? undefined : [column.textAt(least), column.textAt(greatest)]
}

/** These rows of a column of numbers, none of them NULL. */
export function encodeNumbers(column: NumberColumn, type: ColumnType, rows: Uint32Array): EncodedValues {
  if (rows.length === 0) return NO_VALUES
  const values = take(column.values, rows, scratchNumbers(rows.length))
  const bounds = boundsOfNumbers(values)
  if (type === 'BOOLEAN') return { ...plainBooleans(values), bounds }
  // A dictionary of doubles pays while most come twice; integers are packed well without one.
  const uses = { DOUBLE: 2, INTEGER: 16, BIGINT: 16, TIMESTAMP: 0, VARCHAR: 0 }[type]
  const found = uses > 0 ? dictionaryOf(values, uses) : null
  if (found) {
    const sink = new ByteSink(found.different.length * 8)
    writePlain(sink, found.different, type)
    return { ...withDictionary({ bytes: sink.bytes, values: found.different.length }, found.codes), bounds }
  }
  const isShort = Math.max(-bounds[0], bounds[1]) < (type === 'INTEGER' ? 2 ** 30 : EXACT)
  const isDelta = isShort && type !== 'DOUBLE'
  return {
    encoding: isDelta ? 'DELTA_BINARY_PACKED' : 'PLAIN',
    bytes: values.length * 8,
    bounds,
    write(sink, from, to) {
      if (isDelta) writeDeltas(sink, values.subarray(from, to))
      else writePlain(sink, values.subarray(from, to), type)
    },
  }
}

export function boundsOfNumbers(values: Float64Array): [number, number] {
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  return [least, greatest]
}

/** The different numbers, told apart by their bits, and by row which it is; null if they do not come often enough. */
function dictionaryOf(values: Float64Array, uses: number): { different: Float64Array; codes: Int32Array } | null {
  const most = Math.min(Math.ceil(values.length / uses), MAX_DICTIONARY)
  const slots = scratchSlots(2 ** bitWidth(most * 2)).fill(-1)
  const words = new Int32Array(values.buffer, 0, values.length * 2)
  const different = scratchDifferent(most)
  const found = new Int32Array(different.buffer, 0, most * 2)
  const codes = scratchCodes(values.length)
  let count = 0
  for (let i = 0; i < codes.length; i++) {
    const low = words[2 * i] as number
    const high = words[2 * i + 1] as number
    let slot = mix(mix(0, low), high) & (slots.length - 1)
    let code = slots[slot] as number
    let probes = 0
    while (code >= 0 && (found[2 * code] !== low || found[2 * code + 1] !== high)) {
      if (probes++ === MAX_PROBES) return null
      slot = (slot + 1) & (slots.length - 1)
      code = slots[slot] as number
    }
    if (code < 0) {
      if (count === most) return null
      code = slots[slot] = count++
      found[2 * code] = low
      found[2 * code + 1] = high
    }
    codes[i] = code
  }
  return { different: different.subarray(0, count), codes }
}

function withDictionary(dictionary: { bytes: Uint8Array; values: number }, codes: Int32Array): EncodedValues {
  const width = Math.max(1, bitWidth(dictionary.values - 1))
  return {
    encoding: 'RLE_DICTIONARY',
    dictionary,
    bytes: (codes.length * width) >> 3,
    write(sink, from, to) {
      sink.byte(width)
      writeRun(sink, codes.subarray(from, to), width)
    },
  }
}

function writePlain(sink: ByteSink, values: Float64Array, type: ColumnType): void {
  const size = type === 'INTEGER' ? 4 : 8
  sink.reserve(values.length * size)
  const { view } = sink
  for (const value of values) {
    if (type === 'INTEGER') view.setInt32(sink.length, value, true)
    else if (type === 'DOUBLE') view.setFloat64(sink.length, value, true)
    else view.setBigInt64(sink.length, BigInt(value), true)
    sink.length += size
  }
}

const plainBooleans = (values: Float64Array): EncodedValues => ({
  encoding: 'PLAIN',
  bytes: values.length >> 3,
  write: (sink, from, to) => pack(sink, values, from, to, 1, (to - from + 7) >> 3),
})
