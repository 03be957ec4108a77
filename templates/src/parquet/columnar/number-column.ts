const FIRST_ROWS = 16

/** Numbers of any type, times in milliseconds and booleans as 0 and 1, by row; NaN is NULL. */
export class NumberColumn {
  values = new Float64Array(FIRST_ROWS)

  /** Memory taken. */
  bytes = FIRST_ROWS * 8
  nulls = 0

  isNull(row: number): boolean {
    return Number.isNaN(this.values[row])
  }

  /** Rows are set one after the other. */
  set(row: number, value: number): void {
    if (row === this.values.length) {
      const larger = new Float64Array(row * 2)
      larger.set(this.values)
      this.values = larger
      this.bytes = larger.byteLength
    }
    this.values[row] = value
    if (Number.isNaN(value)) this.nulls++
  }
}
