import { readAll } from '../../lake/state.ts'
import type { AnalyticsEntry, Column, FooterMetadata, LineScanner, ParquetBatch, ParquetWriter } from '../../types.ts'
import { toCell } from '../cells.ts'
import { joinRowGroups, type RowGroupSource } from '../footer.ts'
import type { NamedType } from '../row-groups.ts'
import { openCodecs } from './codec.ts'
import type { NumberColumn } from './number-column.ts'
import { type ColumnData, encodeRowGroup, openColumns, schemaOf, sortedByTime } from './row-group.ts'
import { type EntryScanner, FIELDS, TYPES } from './scan.ts'
import type { Memory } from './text-column.ts'

const ROW_GROUP_ROWS = 100_000
/** Of a batch without rows, about. */
const OPEN_BYTES = 8 << 10

/**
 * Parquet in plain TypeScript. With a scanner for entries, lines become rows without objects between; where entries are
 * wrapped, `lines` unwraps them for it.
 */
export function columnarParquetWriter(scanner?: EntryScanner, lines: LineScanner | undefined = scanner): ParquetWriter {
  /** Of the batch that was finished last, for the next one: most of what a run would allocate. */
  let spare: { columns: readonly Column[]; data: ColumnData[]; memory: Memory } | undefined
  return {
    extension: '.parquet',
    openScanner: (columns) => (columns.every(({ field, type }) => field && TYPES[field] === type) ? lines : undefined),
    open(columns): ParquetBatch {
      const memory = spare?.columns === columns ? spare.memory : { bytes: 0 }
      const data = spare?.columns === columns ? spare.data : openColumns(columns, memory)
      spare = undefined
      const fields = columns.map(({ field }) => FIELDS[field as keyof typeof FIELDS])
      const rowBytes = columns.reduce((sum, { type }) => sum + (type === 'VARCHAR' ? 4 : 8), 0)
      const batch = {
        rows: 0,
        get bytes() {
          // What holds them grows by doubling.
          return OPEN_BYTES + 1.5 * (memory.bytes + batch.rows * rowBytes)
        },
        add(entry: AnalyticsEntry) {
          // All of them before the first is set: a value that its column cannot hold leaves nothing behind.
          const cells = columns.map((column) => toCell(column, column.value(entry), batch.rows + 1))
          for (const [i, cell] of cells.entries()) data[i]?.set(batch.rows, cell as never)
          batch.rows++
        },
        addScanned() {
          for (let i = 0; scanner && i < data.length; i++) data[i]?.setScanned(batch.rows, scanner, fields[i] as number)
          batch.rows++
        },
        async finish(metadata: FooterMetadata) {
          const groups = await encodeRows(columns, data, batch.rows)
          for (const column of data) column.clear()
          memory.bytes = 0
          spare = { columns, data, memory }
          return readAll(joinRowGroups(schemaOf(columns), groups, () => metadata))
        },
      }
      return batch
    },
  }
}

/** Rows in order of time, as row groups. */
export async function encodeRows(
  columns: readonly NamedType[],
  data: readonly ColumnData[],
  rows: number,
  { rowGroupRows = ROW_GROUP_ROWS } = {},
): Promise<RowGroupSource[]> {
  const { writing: codec } = await openCodecs()
  const time = data[columns.findIndex(({ name }) => name === 'timestamp')] as NumberColumn
  const order = sortedByTime(time.values, rows)
  const groups: RowGroupSource[] = []
  for (let at = 0; at < rows; at += rowGroupRows)
    groups.push(encodeRowGroup(columns, data, order.subarray(at, at + rowGroupRows), codec))
  return groups
}
