import type { EntryScanner } from './scan.ts'
import { grown } from './scratch.ts'
import { copyText, hashOf, isEqual, viewOf } from './words.ts'

/** A batch may be open for each of many hours. */
const FIRST_ROWS = 16
/** A column whose values are mostly new ones is not worth a dictionary; not asked before so many values. */
const TRIAL = 16_384
const EMPTY = -1
/** Ids are chosen by clients, also such that all fall into one place of a table: the search for one has an end. */
export const MAX_PROBES = 256
/** What 32 bits count. */
const MAX_BYTES = 2 ** 31 - 1
/** Of a value beside its text: where it starts, and its place in the table. */
const VALUE_BYTES = 12
/** Where a text becomes UTF-8 on its way into a column; shared, because it is done with at once. */
let scratch = Buffer.allocUnsafe(1 << 10)
let scratchView = viewOf(scratch)

/** Counts what columns hold, whatever the arrays under it could: the same rows count the same. */
export interface Memory {
  bytes: number
}

/** Texts as UTF-8, each different one kept once, and which of them every row has. */
export class TextColumn {
  /** By row: the number of its value; -1 is NULL. */
  codes = new Int32Array(FIRST_ROWS)
  /** The values one after the other, in the order of their first rows. */
  utf8 = new DataView(new ArrayBuffer(256))
  /** By value: where it begins in `utf8`; where the last one ends follows. */
  starts = new Int32Array(FIRST_ROWS)
  values = 0
  /** False once looking for equal values was given up. */
  isDictionary = true
  /** An open hash table of values, never more than half full. */
  private slots = new Int32Array(FIRST_ROWS * 2).fill(EMPTY)
  nulls = 0
  private readonly memory: Memory

  constructor(memory: Memory = { bytes: 0 }) {
    this.memory = memory
  }

  /** Empty again, with the memory it has. */
  clear(): void {
    this.values = this.nulls = 0
    this.isDictionary = true
    this.slots = new Int32Array(FIRST_ROWS * 2).fill(EMPTY)
  }

  isNull(row: number): boolean {
    return (this.codes[row] as number) < 0
  }

  /** Sets the row to a text, or to NULL. Rows are set one after the other. */
  set(row: number, text: string | Uint8Array | null): void {
    if (text === null) {
      this.setCode(row, -1)
      this.nulls++
      return
    }
    if (scratch.length < text.length * 3) {
      scratch = Buffer.allocUnsafe(text.length * 6)
      scratchView = viewOf(scratch)
    }
    if (typeof text !== 'string') scratch.set(text)
    const length = typeof text === 'string' ? scratch.write(text) : text.length
    this.setBytes(row, scratchView, 0, length, hashOf(scratchView, 0, length))
  }

  /** The same from bytes that are known to be UTF-8. */
  setBytes(row: number, source: DataView, start: number, end: number, hash: number): void {
    const { utf8, starts, slots } = this
    const length = end - start
    const mask = slots.length - 1
    let slot = hash & mask
    for (let probes = 0; this.isDictionary; probes++, slot = (slot + 1) & mask) {
      const value = slots[slot] as number
      if (value === EMPTY) break
      if (this.lengthOf(value) === length && isEqual(utf8, starts[value] as number, source, start, length)) {
        this.setCode(row, value)
        return
      }
      if (probes === MAX_PROBES) this.giveUp()
    }
    this.setCode(row, this.append(source, start, length))
    if (!this.isDictionary) return
    slots[slot] = this.values - 1
    if (this.values * 2 > slots.length) this.reconsider(row + 1)
  }

  /** The same from a line that was scanned. */
  setScanned(row: number, { starts, ends, hashes, views }: EntryScanner, field: number): void {
    const start = starts[field] as number
    if (start < 0) this.set(row, null)
    else this.setBytes(row, views[field] as DataView, start, ends[field] as number, hashes[field] as number)
  }

  textAt(value: number): string {
    const start = this.starts[value] as number
    return Buffer.from(this.utf8.buffer, start, this.lengthOf(value)).toString()
  }

  /** Of a value, in bytes. */
  lengthOf(value: number): number {
    return (this.starts[value + 1] as number) - (this.starts[value] as number)
  }

  /** Whether a value sorts before another, by their bytes. */
  isLess(a: number, b: number): boolean {
    const { utf8, starts } = this
    const startA = starts[a] as number
    const startB = starts[b] as number
    const [lengthA, lengthB] = [this.lengthOf(a), this.lengthOf(b)]
    const shorter = Math.min(lengthA, lengthB)
    let i = 0
    while (i + 4 <= shorter && utf8.getInt32(startA + i) === utf8.getInt32(startB + i)) i += 4
    if (i + 4 <= shorter) return utf8.getUint32(startA + i) < utf8.getUint32(startB + i)
    while (i < shorter && utf8.getUint8(startA + i) === utf8.getUint8(startB + i)) i++
    return i < shorter ? utf8.getUint8(startA + i) < utf8.getUint8(startB + i) : lengthA < lengthB
  }

  private setCode(row: number, code: number): void {
    if (row === this.codes.length) this.codes = grown(this.codes)
    this.codes[row] = code
  }

  private append(source: DataView, start: number, length: number): number {
    const from = this.starts[this.values] as number
    if (from + length > MAX_BYTES) throw new Error(`a column of texts has more than ${MAX_BYTES} bytes in one batch`)
    if (from + length > this.utf8.byteLength) {
      const larger = new Uint8Array(Math.min((from + length) * 2, MAX_BYTES))
      larger.set(new Uint8Array(this.utf8.buffer, 0, from))
      this.utf8 = viewOf(larger)
    }
    copyText(source, start, this.utf8, from, length)
    this.memory.bytes += length + VALUE_BYTES
    const value = this.values++
    if (this.values === this.starts.length) this.starts = grown(this.starts)
    this.starts[this.values] = from + length
    return value
  }

  /** The table is full: a larger one, or none where most rows brought a value of their own. */
  private reconsider(rows: number): void {
    if (this.values >= TRIAL && this.values * 2 > rows) {
      this.giveUp()
      return
    }
    const size = this.slots.length * 2
    this.slots = new Int32Array(size).fill(EMPTY)
    for (let value = 0; value < this.values; value++) {
      let slot = hashOf(this.utf8, this.starts[value] as number, this.starts[value + 1] as number) & (size - 1)
      while (this.slots[slot] !== EMPTY) slot = (slot + 1) & (size - 1)
      this.slots[slot] = value
    }
  }

  private giveUp(): void {
    this.isDictionary = false
    this.slots = new Int32Array()
  }
}
