import type { ParquetMerger } from '../../types.ts'
import type { RowGroupSource } from '../footer.ts'
import { type MergeOptions, mergerOf, ROW_GROUP_BYTES } from '../merge.ts'
import { appendRows, readPiece } from './read.ts'
import { openColumns, schemaOf } from './row-group.ts'
import { encodeRows } from './writer.ts'

/** Smaller row groups made queries slower and files larger; these cost next to nothing, and copying is free. */
const COPY_ROWS = 10_000

export function columnarParquetMerger(options: MergeOptions = {}): ParquetMerger {
  return mergerOf(
    (columns) => ({
      schema: schemaOf(columns),
      async sort(pieces) {
        const groups: RowGroupSource[] = []
        let rows = 0
        const memory = { bytes: 0 }
        const data = openColumns(columns, memory)
        const flush = async () => {
          groups.push(...(await encodeRows(columns, data, rows, { rowGroupRows: rows })))
          for (const column of data) column.clear()
          rows = memory.bytes = 0
        }
        for (const piece of pieces) {
          const decoded = await readPiece(piece, columns)
          // A text that a piece has once may come with each of its rows.
          if (rows > 0 && memory.bytes + decoded.bytes > ROW_GROUP_BYTES) await flush()
          appendRows(decoded, columns, data, rows)
          rows += piece.rows
        }
        await flush()
        return groups
      },
    }),
    { copyRows: COPY_ROWS, ...options },
  )
}
