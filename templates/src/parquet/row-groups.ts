import type { FileMetaData } from 'hyparquet'
import type { Column, ColumnType, MergeInput } from '../types.ts'

/** A row group of an input, as far as a plan cares. */
export interface Piece {
  rows: number
  /** Uncompressed. */
  bytes: number
  /** Its first timestamp, in milliseconds. */
  from: number
  /** Its schema is that of the output, so its bytes may be taken as they are. */
  copyable: boolean
}

/**
 * The row groups of the output in the order of their first timestamps, each as the pieces it is made of: one that is
 * copyable is copied, others are sorted into one. What has `copyRows` or half the bytes is left alone; the rest gathers
 * in time order, and late pieces gather across the large ones they fall into: a small row group that overlaps costs
 * readers less than rewriting a large one every time.
 */
export function planMerge<P extends Piece>(
  pieces: readonly P[],
  limit: { rows: number; bytes: number; copyRows: number },
): P[][] {
  const isLarge = (group: Omit<Piece, 'from' | 'copyable'>) =>
    group.rows >= limit.copyRows || group.bytes * 2 >= limit.bytes
  const groups: P[][] = []
  let batch = { rows: 0, bytes: 0, pieces: [] as P[] }
  const flush = () => {
    if (batch.pieces.length > 0) groups.push(batch.pieces)
    batch = { rows: 0, bytes: 0, pieces: [] }
  }
  for (const piece of [...pieces].sort((a, b) => a.from - b.from)) {
    const large = piece.copyable && isLarge(piece)
    const full = batch.rows + piece.rows > limit.rows * 1.5 || batch.bytes + piece.bytes > limit.bytes
    if (large ? isLarge(batch) : full) flush()
    if (large) groups.push([piece])
    else {
      batch.pieces.push(piece)
      batch.rows += piece.rows
      batch.bytes += piece.bytes
    }
    if (batch.rows >= limit.rows) flush()
  }
  flush()
  return groups.sort(([a], [b]) => (a as P).from - (b as P).from)
}

export type NamedType = Pick<Column, 'name' | 'type'>

const TYPES: Record<string, ColumnType | undefined> = {
  'INT64 TIMESTAMP_MICROS': 'TIMESTAMP',
  'INT64 TIMESTAMP_MILLIS': 'TIMESTAMP',
  'BYTE_ARRAY UTF8': 'VARCHAR',
  'INT32 INT_32': 'INTEGER',
  'INT64 INT_64': 'BIGINT',
  DOUBLE: 'DOUBLE',
  BOOLEAN: 'BOOLEAN',
}

/**
 * The current columns, then those that only files have: a column that left the code keeps its data. Names that differ
 * in case only are one column, as for DuckDB. Throws where a name has two types.
 */
export function unionColumns(
  columns: readonly NamedType[],
  files: readonly { input: MergeInput; footer: FileMetaData }[],
): NamedType[] {
  const union = new Map(columns.map((column) => [column.name.toLowerCase(), column]))
  for (const { input, footer } of files) {
    for (const { name, type, converted_type } of footer.schema.slice(1)) {
      const stored = [type, converted_type].join(' ').trim()
      const column = { name, type: TYPES[stored] ?? (stored as ColumnType) }
      const known = union.get(name.toLowerCase())
      if (!known && TYPES[stored]) union.set(name.toLowerCase(), column)
      else if (known?.type !== column.type) {
        const expected = known ? `${known.type} elsewhere: give one of the two another name` : 'no type of a column'
        throw new Error(`${input.name}: the column "${name}" is ${column.type} here, but ${expected}`)
      }
    }
  }
  return [...union.values()]
}
