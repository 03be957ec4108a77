const FIRST_ROWS = 64

/** Numbers of any type, times in milliseconds and booleans as 0 and 1, by row; NaN is NULL. */
export class NumberColumn {
  values = new Float64Array(FIRST_ROWS)

  /** Memory taken. */
  get bytes(): number {
    return this.values.byteLength
  }

  isNull(row: number): boolean {
    return Number.isNaN(this.values[row])
  }

  /** Rows are set one after the other. */
  set(row: number, value: number): void {
    if (row === this.values.length) {
      const larger = new Float64Array(row * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[row] = value
  }
}

/**
 * The different values in the order they come, and by value its number; null where there are more than `most`.
 * Compared by their bits, so that -0 stays what it is.
 */
export function numberDictionary(values: Float64Array, most: number): { values: number[]; codes: Int32Array } | null {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const mask = 2 ** Math.ceil(Math.log2(most * 2 + 2)) - 1
  const slots = new Int32Array(mask + 1) // where a value stands first, plus one
  const codes = new Int32Array(values.length)
  const different: number[] = []
  for (let i = 0; i < values.length; i++) {
    const low = halves[i * 2] as number
    const high = halves[i * 2 + 1] as number
    const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    for (;;) {
      const first = (slots[slot] as number) - 1
      if (first < 0) {
        if (different.length === most) return null
        slots[slot] = i + 1
        codes[i] = different.push(values[i] as number) - 1
        break
      }
      if (halves[first * 2] === low && halves[first * 2 + 1] === high) {
        codes[i] = codes[first] as number
        break
      }
      slot = (slot + 1) & mask
    }
  }
  return { values: different, codes }
}
