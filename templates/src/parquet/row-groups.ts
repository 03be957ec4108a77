import type { FileMetaData, SchemaElement } from 'hyparquet'
import type { Column, ColumnType, MergeInput } from '../types.ts'

/** A row group of an input, as far as a plan cares. */
export interface Piece {
  rows: number
  /** Uncompressed. */
  bytes: number
  /** First timestamp in it, in any unit. */
  from: number
  /** Its schema is that of the output, so its bytes may be taken as they are. */
  copyable: boolean
}

/** One row group of the output: a piece as it is, or several sorted into one. */
export type MergeStep<P extends Piece> = { copy: P } | { encode: P[] }

export interface MergeLimits {
  rowGroupRows: number
  rowGroupBytes: number
}

/**
 * Pieces of at least half a row group are copied; smaller ones are gathered in time order. Late ones that fall into
 * a copied piece's time gather across it: rewriting the large piece for each of them would cost far more than a
 * small row group that overlaps it. Steps come in the order of their first timestamp.
 */
export function planMerge<P extends Piece>(pieces: readonly P[], limits: MergeLimits): MergeStep<P>[] {
  const { rowGroupRows, rowGroupBytes } = limits
  const large = (rows: number, bytes: number) => rows * 2 >= rowGroupRows || bytes * 2 >= rowGroupBytes
  const steps: MergeStep<P>[] = []
  let batch: P[] = []
  let rows = 0
  let bytes = 0
  const flush = () => {
    const [first] = batch
    if (first) steps.push(batch.length === 1 && first.copyable ? { copy: first } : { encode: batch })
    batch = []
    rows = bytes = 0
  }
  for (const piece of pieces.toSorted((a, b) => a.from - b.from)) {
    if (large(piece.rows, piece.bytes) && piece.copyable) {
      if (large(rows, bytes)) flush()
      steps.push({ copy: piece })
      continue
    }
    if (rows + piece.rows > rowGroupRows * 1.5 || bytes + piece.bytes > rowGroupBytes) flush()
    batch.push(piece)
    rows += piece.rows
    bytes += piece.bytes
    if (rows >= rowGroupRows) flush()
  }
  flush()
  const from = (step: MergeStep<P>) => ('copy' in step ? step.copy : (step.encode[0] as P)).from
  return steps.sort((a, b) => from(a) - from(b))
}

export type NamedType = Pick<Column, 'name' | 'type'>

/**
 * The current columns, followed by those that only the inputs have: a column taken out of the code keeps its data.
 * DuckDB tells no upper from lower case in names, so neither does this.
 */
export function unionColumns(
  columns: readonly Column[],
  files: readonly { input: MergeInput; footer: FileMetaData }[],
): NamedType[] {
  const union = new Map<string, NamedType>(columns.map((column) => [column.name.toLowerCase(), column]))
  for (const { input, footer } of files) {
    for (const element of footer.schema.slice(1)) {
      const type = columnType(element)
      const known = union.get(element.name.toLowerCase())
      if (!known && type) union.set(element.name.toLowerCase(), { name: element.name, type })
      else if (known?.type !== type || !type) {
        const stored = type ?? `${element.type ?? 'a nested'} (${element.converted_type ?? 'plain'})`
        const expected = known ? `is ${known.type} elsewhere. Give the column another name` : 'is no type of a column'
        throw new Error(`${input.name}: the column "${element.name}" is ${stored}, which ${expected}`)
      }
    }
  }
  return [...union.values()]
}

function columnType({ type, converted_type, num_children }: SchemaElement): ColumnType | undefined {
  if (num_children) return undefined
  if (type === 'BOOLEAN' || type === 'DOUBLE') return type
  if (type === 'BYTE_ARRAY' && converted_type === 'UTF8') return 'VARCHAR'
  if (type === 'INT32' && (!converted_type || converted_type === 'INT_32')) return 'INTEGER'
  if (type !== 'INT64') return undefined
  if (!converted_type || converted_type === 'INT_64') return 'BIGINT'
  return converted_type.startsWith('TIMESTAMP_') ? 'TIMESTAMP' : undefined
}
