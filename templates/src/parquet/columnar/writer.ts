import { readAll } from '../../lake/state.ts'
import type { AnalyticsEntry, Column, FooterMetadata, LineScanner, ParquetBatch, ParquetWriter } from '../../types.ts'
import { toCell } from '../cells.ts'
import { joinRowGroups, type RowGroupSource } from '../footer.ts'
import type { NamedType } from '../row-groups.ts'
import { openCodecs } from './codec.ts'
import { NumberColumn } from './number-column.ts'
import { type ColumnData, encodeRowGroup, openColumns, schemaOf, sortedByTime } from './row-group.ts'
import { type EntryScanner, NUMBERS, TEXTS } from './scan.ts'
import { TextColumn } from './text-column.ts'

const ROW_GROUP_ROWS = 100_000

/**
 * Parquet in plain TypeScript. With a scanner for entries, lines become rows without objects between; where entries are
 * wrapped, `lines` unwraps them for it.
 */
export function columnarParquetWriter(scanner?: EntryScanner, lines: LineScanner | undefined = scanner): ParquetWriter {
  return {
    extension: '.parquet',
    openScanner: (columns) => (columns.every(({ field }) => field) ? lines : undefined),
    open: (columns) => openBatch(columns, scanner),
  }
}

function openBatch(columns: readonly Column[], scanner?: EntryScanner): ParquetBatch {
  const data = openColumns(columns)
  const setScanned = scanner && scannedRows(columns, data, scanner)
  const batch = {
    rows: 0,
    get bytes() {
      let bytes = 0
      for (let i = 0; i < data.length; i++) bytes += (data[i] as ColumnData).bytes
      return bytes
    },
    add(entry: AnalyticsEntry) {
      // All of them before the first is set: a value that its column cannot hold leaves nothing behind.
      const cells = columns.map((column) => toCell(column, column.value(entry), batch.rows + 1))
      setRow(data, batch.rows++, cells)
    },
    addScanned: setScanned && (() => setScanned(batch.rows++)),
    async finish(metadata: FooterMetadata) {
      const groups = await encodeRows(columns, data, batch.rows)
      return readAll(joinRowGroups(schemaOf(columns), groups, () => metadata))
    },
  }
  return batch
}

export function setRow(data: readonly ColumnData[], row: number, cells: readonly (string | number | null)[]): void {
  for (const [i, cell] of cells.entries()) {
    const column = data[i]
    if (column instanceof TextColumn) column.set(row, cell as string | null)
    else column?.set(row, (cell as number | null) ?? Number.NaN)
  }
}

/** Sets a row from the fields of the line that the scanner took last. */
function scannedRows(columns: readonly Column[], data: readonly ColumnData[], scanner: EntryScanner) {
  const { numbers, starts, ends } = scanner
  const numberColumns = data.filter((column) => column instanceof NumberColumn)
  const textColumns = data.filter((column) => column instanceof TextColumn)
  const fields = columns.map(({ field }) => field as string)
  const numberFields = fields.flatMap((field) => (field in NUMBERS ? NUMBERS[field as keyof typeof NUMBERS] : []))
  const textFields = fields.flatMap((field) => (field in TEXTS ? TEXTS[field as keyof typeof TEXTS] : []))
  return (row: number) => {
    for (let i = 0; i < numberColumns.length; i++)
      numberColumns[i]?.set(row, numbers[numberFields[i] as number] as number)
    for (let i = 0; i < textColumns.length; i++) {
      const field = textFields[i] as number
      const start = starts[field] as number
      if (start < 0) textColumns[i]?.set(row, null)
      else textColumns[i]?.setBytes(row, scanner.lines, start, ends[field] as number)
    }
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
