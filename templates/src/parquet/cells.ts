import type { Column, ColumnType, ColumnValue } from '../types.ts'

export const FITS: Record<ColumnType, (value: unknown) => boolean> = {
  // Labels may be numbers and booleans: as text they lose nothing.
  VARCHAR: (value) => typeof value !== 'object',
  BOOLEAN: (value) => typeof value === 'boolean',
  INTEGER: (value) => value === ((value as number) | 0),
  BIGINT: Number.isSafeInteger,
  DOUBLE: (value) => typeof value === 'number',
  TIMESTAMP: (value) => Number.isInteger(value) && Math.abs(value as number) <= 8.64e15,
}

/** Numbers for all that is not text, booleans too: DuckDB makes the columns' types of them. */
export function toCell({ name, type }: Column, value: ColumnValue, row: number): string | number | null {
  const missing = value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value))
  if (missing && name !== 'timestamp') return null
  if (!FITS[type](value))
    throw new Error(`column "${name}" is ${type}, but row ${row} has the ${typeof value} ${value}`)
  return type === 'VARCHAR' ? String(value) : Number(value)
}
