/** A batch may be open for each of many hours. */
const FIRST_ROWS = 16
/** A column whose values are mostly new ones is not worth a dictionary; not asked before so many values. */
const TRIAL = 16_384
const EMPTY = -1
/** Where a text becomes UTF-8 on its way into a column; shared, because it is done with at once. */
let scratch = Buffer.allocUnsafe(1 << 10)

/** Texts as UTF-8, each different one kept once, and which of them every row has. */
export class TextColumn {
  /** By row: the number of its value; -1 is NULL. */
  codes = new Int32Array(FIRST_ROWS)
  /** The values one after the other, in the order of their first rows. */
  utf8 = Buffer.allocUnsafe(256)
  /** By value: where it ends in `utf8`, which is where the next one begins. */
  ends = new Int32Array(FIRST_ROWS)
  values = 0
  /** False once looking for equal values was given up. */
  isDictionary = true
  /** An open hash table of values, never more than half full. */
  private slots = new Int32Array(FIRST_ROWS * 2).fill(EMPTY)
  /** The value found last. */
  private last = 0

  /** Memory taken, about. */
  bytes = 1024
  nulls = 0

  isNull(row: number): boolean {
    return (this.codes[row] as number) < 0
  }

  startOf(value: number): number {
    return value === 0 ? 0 : (this.ends[value - 1] as number)
  }

  /** Sets the row to a text, or to NULL. Rows are set one after the other. */
  set(row: number, text: string | null): void {
    if (text === null) this.setCode(row, -1)
    else {
      if (scratch.length < text.length * 3) scratch = Buffer.allocUnsafe(text.length * 6)
      this.setBytes(row, scratch, 0, scratch.write(text))
    }
  }

  /** The same from bytes that are known to be UTF-8. */
  setBytes(row: number, source: Uint8Array, start: number, end: number): void {
    this.setCode(row, this.isDictionary ? this.find(row, source, start, end) : this.append(source, start, end))
  }

  /** The number of this value, which may be new. */
  private find(row: number, source: Uint8Array, start: number, end: number): number {
    // Labels come in runs.
    if (this.last < this.values && this.isEqual(this.last, source, start, end)) return this.last
    const mask = this.slots.length - 1
    let slot = hash(source, start, end) & mask
    for (;;) {
      const value = this.slots[slot] as number
      if (value === EMPTY) break
      if (this.isEqual(value, source, start, end)) {
        this.last = value
        return value
      }
      slot = (slot + 1) & mask
    }
    const value = this.append(source, start, end)
    this.last = value
    this.slots[slot] = value
    if (this.values * 2 > this.slots.length) this.reconsider(row + 1)
    return value
  }

  textAt(value: number): string {
    return this.utf8.toString('utf8', this.startOf(value), this.ends[value])
  }

  /** Whether a value sorts before another, by their bytes. */
  isLess(a: number, b: number): boolean {
    const [startA, startB] = [this.startOf(a), this.startOf(b)]
    const lengthA = (this.ends[a] as number) - startA
    const lengthB = (this.ends[b] as number) - startB
    const { utf8 } = this
    for (let i = 0; i < lengthA && i < lengthB; i++) {
      const difference = (utf8[startA + i] as number) - (utf8[startB + i] as number)
      if (difference !== 0) return difference < 0
    }
    return lengthA < lengthB
  }

  private setCode(row: number, code: number): void {
    if (row === this.codes.length) this.codes = this.grown(this.codes)
    this.codes[row] = code
    if (code < 0) this.nulls++
  }

  private isEqual(value: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.startOf(value)
    const length = end - start
    const { utf8 } = this
    if ((this.ends[value] as number) - from !== length) return false
    for (let i = 0; i < length; i++) if (utf8[from + i] !== source[start + i]) return false
    return true
  }

  private append(source: Uint8Array, start: number, end: number): number {
    const from = this.startOf(this.values)
    const length = end - start
    if (from + length > this.utf8.length) {
      const larger = Buffer.allocUnsafe((from + length) * 2)
      this.bytes += larger.length - this.utf8.length
      this.utf8.copy(larger, 0, 0, from)
      this.utf8 = larger
    }
    const { utf8 } = this
    for (let i = 0; i < length; i++) utf8[from + i] = source[start + i] as number
    if (this.values === this.ends.length) this.ends = this.grown(this.ends)
    this.ends[this.values] = from + length
    return this.values++
  }

  private grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
    const larger = new Int32Array(array.length * 2)
    larger.set(array)
    this.bytes += array.byteLength
    return larger
  }

  /** The table is full: a larger one, or none where most rows brought a value of their own. */
  private reconsider(rows: number): void {
    this.isDictionary = this.values < TRIAL || this.values * 2 <= rows
    const size = this.isDictionary ? this.slots.length * 2 : 0
    this.bytes += 4 * (size - this.slots.length)
    this.slots = new Int32Array(size).fill(EMPTY)
    if (!this.isDictionary) return
    for (let value = 0; value < this.values; value++) {
      let slot = hash(this.utf8, this.startOf(value), this.ends[value] as number) & (size - 1)
      while (this.slots[slot] !== EMPTY) slot = (slot + 1) & (size - 1)
      this.slots[slot] = value
    }
  }
}

/** Not negative. Four bytes at once, as MurmurHash does: https://en.wikipedia.org/wiki/MurmurHash */
export function hash(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  let i = start
  for (; i + 4 <= end; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    hash = Math.imul(hash ^ word, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return (hash ^ (hash >>> 13)) >>> 0
}
