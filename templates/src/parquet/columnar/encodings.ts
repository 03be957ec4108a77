/**
 * Encodings of values in pages: https://parquet.apache.org/docs/file-format/data-pages/encodings/
 * Loops over many values are functions of their own here and elsewhere: what a runtime compiles then stays small.
 */
import type { ByteSink } from './byte-sink.ts'

const BLOCK = 128
const MINI = 32
const deltas = new Float64Array(BLOCK)

export const bitWidth = (largest: number) => (largest < 1 ? 0 : Math.floor(Math.log2(largest)) + 1)

/** The same value many times, as a run of the hybrid below. */
export function writeRepeated(sink: ByteSink, value: number, count: number, width: number): void {
  sink.varint(count * 2)
  for (let bits = 0; bits < width; bits += 8) sink.byte((value >>> bits) & 255)
}

/** RLE / bit-packing hybrid: one run, of equal values or of packed ones. */
export function writeRun(sink: ByteSink, values: Int32Array, width: number): void {
  if (values.length === 0) return
  const groups = (values.length + 7) >> 3
  if (values.every((value) => value === values[0])) writeRepeated(sink, values[0] as number, values.length, width)
  else {
    sink.varint(groups * 2 + 1)
    pack(sink, values, 0, values.length, width, groups * width)
  }
}

/** DELTA_BINARY_PACKED, of integers that span less than 2^52. */
export function writeDeltas(sink: ByteSink, values: Float64Array): void {
  sink.varint(BLOCK)
  sink.varint(BLOCK / MINI)
  sink.varint(values.length)
  sink.varint(zigzag(values[0] ?? 0))
  for (let start = 1; start < values.length; start += BLOCK) {
    const count = Math.min(BLOCK, values.length - start)
    const least = takeDeltas(values, start, count)
    sink.varint(zigzag(least))
    const widths = sink.length
    for (let mini = 0; mini < BLOCK; mini += MINI) sink.byte(0)
    for (let mini = 0; mini < count; mini += MINI) {
      const end = Math.min(mini + MINI, count)
      const width = bitWidth(lessen(mini, end, least))
      sink.view.setUint8(widths + mini / MINI, width)
      pack(sink, deltas, mini, end, width, (MINI * width) >> 3)
    }
  }
}

/** Fills `deltas`; gives the least one. */
function takeDeltas(values: Float64Array, start: number, count: number): number {
  let least = Number.POSITIVE_INFINITY
  let before = values[start - 1] as number
  for (let i = 0; i < count; i++) {
    const value = values[start + i] as number
    const delta = value - before
    before = value
    deltas[i] = delta
    if (delta < least) least = delta
  }
  return least
}

/** Takes the least one from these deltas; gives the largest that is left. */
function lessen(start: number, end: number, least: number): number {
  let largest = 0
  for (let i = start; i < end; i++) {
    const delta = (deltas[i] as number) - least
    deltas[i] = delta
    if (delta > largest) largest = delta
  }
  return largest
}

/** Values of up to 53 bits, the lowest bit first; zeros after them make up so many bytes. */
export function pack(
  sink: ByteSink,
  values: Float64Array | Int32Array,
  start: number,
  end: number,
  width: number,
  bytes: number,
): void {
  sink.reserve(bytes + 8)
  const { view, length } = sink
  let at = length
  let pending = 0
  let bits = 0
  for (let i = start; i < end; i++) {
    let value = values[i] as number
    for (let left = width; left > 0; left -= 24) {
      pending |= (left > 24 ? value % 0x1000000 : value) << bits
      bits += Math.min(left, 24)
      if (left > 24) value = Math.floor(value / 0x1000000)
      for (; bits >= 8; bits -= 8) {
        view.setUint8(at++, pending)
        pending >>>= 8
      }
    }
  }
  view.setUint8(at++, pending)
  while (at < length + bytes) view.setUint8(at++, 0)
  sink.length = length + bytes
}

/** Without the overflow of shifts: values may take 53 bits. */
const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value)
