import type { ParquetMerger } from '../../types.ts'
import { type MergeOptions, mergerOf } from '../merge.ts'
import { appendRows } from './read.ts'
import { openColumns, schemaOf } from './row-group.ts'
import { encodeRows } from './writer.ts'

/** Smaller row groups made queries slower and files larger; these cost next to nothing, and copying is free. */
const COPY_ROWS = 10_000

export function columnarParquetMerger(options: MergeOptions = {}): ParquetMerger {
  return mergerOf(
    (columns) => ({
      schema: schemaOf(columns),
      async sort(pieces) {
        const data = openColumns(columns)
        let rows = 0
        for (const piece of pieces) {
          await appendRows(piece, columns, data, rows)
          rows += piece.rows
        }
        return encodeRows(columns, data, rows, { rowGroupRows: rows })
      },
    }),
    { copyRows: COPY_ROWS, ...options },
  )
}
