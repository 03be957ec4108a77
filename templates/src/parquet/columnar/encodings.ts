/** Encodings of values in pages: https://parquet.apache.org/docs/file-format/data-pages/encodings/ */

const BLOCK = 128
const MINI = 32

/** Bytes written one after the other. What does not fit makes it grow. */
export class ByteSink {
  buffer: Buffer
  length = 0
  private pending = 0
  private pendingBits = 0

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size)
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  reserve(length: number): void {
    if (this.length + length <= this.buffer.length) return
    const larger = Buffer.allocUnsafe((this.length + length) * 2)
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }

  append(source: Uint8Array, start: number, length: number): void {
    this.reserve(length)
    const { buffer, length: at } = this
    for (let i = 0; i < length; i++) buffer[at + i] = source[start + i] as number
    this.length += length
  }

  /** ULEB128. */
  varint(value: number): void {
    this.reserve(10)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.buffer[this.length++] = (rest % 128) | 128
    this.buffer[this.length++] = rest
  }

  /** Up to 53 bits, the lowest first. Room is reserved by the caller, and `flushBits` ends a run. */
  bits(value: number, width: number): void {
    let rest = value
    for (let left = width; left > 0; left -= 24) {
      const piece = left > 24 ? rest % 0x1000000 : rest
      this.pending |= piece << this.pendingBits
      this.pendingBits += Math.min(left, 24)
      if (left > 24) rest = Math.floor(rest / 0x1000000)
      while (this.pendingBits >= 8) {
        this.buffer[this.length++] = this.pending
        this.pending >>>= 8
        this.pendingBits -= 8
      }
    }
  }

  flushBits(): void {
    if (this.pendingBits > 0) this.buffer[this.length++] = this.pending
    this.pending = this.pendingBits = 0
  }
}

export const bitWidth = (largest: number) => (largest === 0 ? 0 : Math.floor(Math.log2(largest)) + 1)

/** The same value many times, as a run of the hybrid below. */
export function writeRepeated(sink: ByteSink, value: number, count: number, width: number): void {
  sink.varint(count * 2)
  sink.reserve(4)
  sink.bits(value, (width + 7) & ~7)
}

/** RLE / bit-packing hybrid: one run, of equal values or of packed ones. `width` is at most 24. */
export function writeRun(sink: ByteSink, values: Int32Array, width: number): void {
  if (values.length === 0) return
  const [first = 0] = values
  if (values.every((value) => value === first)) {
    writeRepeated(sink, first, values.length, width)
    return
  }
  const groups = (values.length + 7) >> 3
  sink.varint(groups * 2 + 1)
  sink.reserve(groups * width + 1)
  for (let i = 0; i < values.length; i++) sink.bits(values[i] as number, width)
  for (let i = values.length; i < groups * 8; i++) sink.bits(0, width)
}

/** DELTA_BINARY_PACKED, of integers that span less than 2^52. */
export function writeDeltas(sink: ByteSink, values: ArrayLike<number>): void {
  sink.varint(BLOCK)
  sink.varint(BLOCK / MINI)
  sink.varint(values.length)
  sink.varint(zigzag(values[0] ?? 0))
  const deltas = new Float64Array(BLOCK)
  for (let start = 1; start < values.length; start += BLOCK) {
    const count = Math.min(BLOCK, values.length - start)
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const delta = (values[start + i] as number) - (values[start + i - 1] as number)
      deltas[i] = delta
      if (delta < least) least = delta
    }
    sink.varint(zigzag(least))
    sink.reserve(BLOCK / MINI + BLOCK * 7 + 8)
    const widths = sink.length
    sink.length += BLOCK / MINI
    for (let mini = 0; mini < BLOCK; mini += MINI) {
      let largest = 0
      const end = Math.min(mini + MINI, count)
      for (let i = mini; i < end; i++) {
        const delta = (deltas[i] as number) - least
        deltas[i] = delta
        if (delta > largest) largest = delta
      }
      const width = bitWidth(largest)
      sink.buffer[widths + mini / MINI] = width
      if (mini >= count) continue // a miniblock without values has no bytes
      for (let i = mini; i < mini + MINI; i++) sink.bits(i < end ? (deltas[i] as number) : 0, width)
    }
  }
}

/** Without the overflow of shifts: values may take 53 bits. */
const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value)
