import type { EntryScanner } from './scan.ts'
import { grown } from './scratch.ts'

const FIRST_ROWS = 16

/** Numbers of any type, times in milliseconds and booleans as 0 and 1, by row; NaN is NULL. */
export class NumberColumn {
  values = new Float64Array(FIRST_ROWS)
  nulls = 0

  /** Empty again, with the memory it has. */
  clear(): void {
    this.nulls = 0
  }

  isNull(row: number): boolean {
    return Number.isNaN(this.values[row])
  }

  /** Rows are set one after the other. */
  set(row: number, value: number | null): void {
    if (row === this.values.length) this.values = grown(this.values)
    this.values[row] = value ?? Number.NaN
    if (this.isNull(row)) this.nulls++
  }

  /** The same from a line that was scanned. */
  setScanned(row: number, { numbers }: EntryScanner, field: number): void {
    this.set(row, numbers[field] as number)
  }
}
