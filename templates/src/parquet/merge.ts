import type { FileMetaData } from 'hyparquet'
import type { MergeInput, ParquetMerger } from '../types.ts'
import { joinRowGroups, keyValues, type RowGroupSource, readFooter } from './footer.ts'
import { type NamedType, type Piece, planMerge, unionColumns } from './row-groups.ts'

/** What a row group that is sorted may take uncompressed. */
export const ROW_GROUP_BYTES = 64 * 1024 * 1024

export interface SourcePiece extends Piece, RowGroupSource {
  schema: FileMetaData['schema']
}

/** How an engine writes files of these columns. */
export interface RowGroupSorter {
  schema: FileMetaData['schema']
  /** All rows of these pieces by time, as row groups of this schema. Throws and names a piece that is damaged. */
  sort(pieces: SourcePiece[]): Promise<RowGroupSource[]>
}

export interface MergeOptions {
  /** What a row group of the output is meant to have. */
  rowGroupRows?: number
  /** One of so many rows is copied as it is. */
  copyRows?: number
}

/** Merges row groups by their bytes where they are large, and has the engine sort the others into larger ones. */
export function mergerOf(
  open: (columns: NamedType[]) => RowGroupSorter | Promise<RowGroupSorter>,
  { rowGroupRows = 100_000, copyRows = rowGroupRows / 2 }: MergeOptions,
): ParquetMerger {
  return {
    readMetadata: async (input) => keyValues(await readFooter(input)),
    async *merge(inputs, columns, metadata) {
      const files: { input: MergeInput; footer: FileMetaData }[] = []
      for (const input of inputs) files.push({ input, footer: await readFooter(input) })
      const { schema, sort } = await open(unionColumns(columns, files))
      const pieces = files.flatMap(({ input, footer }) => piecesOf(input, footer, schemaKey(schema)))
      async function* rowGroups() {
        for (const group of planMerge(pieces, { rows: rowGroupRows, bytes: ROW_GROUP_BYTES, copyRows }))
          yield* group.length === 1 && group[0]?.copyable ? group : await sort(group)
      }
      const expected = pieces.reduce((sum, piece) => sum + piece.rows, 0)
      yield* joinRowGroups(schema, rowGroups(), (rows) => {
        if (rows === expected) return metadata(rows)
        throw new Error(`merging ${expected} rows gave ${rows}`)
      })
    },
  }
}

/** Equal for files whose row groups may lie in one. */
export const schemaKey = (schema: FileMetaData['schema']) =>
  JSON.stringify(
    schema
      .slice(1)
      .map((column) => [column.name, column.type, column.repetition_type, column.converted_type, column.logical_type]),
  )

function piecesOf(input: MergeInput, { schema, row_groups }: FileMetaData, targetKey: string): SourcePiece[] {
  const time = schema.findIndex(({ name }) => name === 'timestamp')
  const copyable = schemaKey(schema) === targetKey
  return row_groups.map((group) => {
    // The first element of a schema is the row, which is no column.
    const from = Number(group.columns[time - 1]?.meta_data?.statistics?.min_value ?? 0)
    return { input, schema, group, from, copyable, rows: Number(group.num_rows), bytes: Number(group.total_byte_size) }
  })
}
