import { describe, expect, it } from 'vitest'
import { duckdbWasmParquetMerger, duckdbWasmParquetWriter } from '../../templates/src/parquet/duckdb-wasm.ts'
import { readFooter } from '../../templates/src/parquet/footer.ts'
import type { Column } from '../../templates/src/types.ts'
import { asEntry, ask, collect, columnsOf, inputOf, type Row } from './helpers.ts'

const OLD = columnsOf({ timestamp: 'TIMESTAMP', route: 'VARCHAR', legacy: 'INTEGER' })
const NEW = columnsOf({ timestamp: 'TIMESTAMP', route: 'VARCHAR', region: 'VARCHAR', size: 'BIGINT' })

async function write(columns: readonly Column[], rows: readonly Row[], metadata = {}): Promise<Uint8Array> {
  const batch = duckdbWasmParquetWriter().open(columns)
  for (const row of rows) batch.add(asEntry(row))
  return batch.finish(metadata)
}

const rowsAt = (count: number, from: number, more: Row): Row[] =>
  Array.from({ length: count }, (_, i) => ({ timestamp: from + ((i * 7919) % count), route: `/r/${i % 13}`, ...more }))

const merge = (files: Record<string, Uint8Array>, columns: readonly Column[], rowGroupRows = 1000) =>
  collect(
    duckdbWasmParquetMerger({ rowGroupRows }).merge(
      Object.entries(files).map(([name, bytes]) => inputOf(name, bytes)),
      columns,
      (rows) => ({ rows: String(rows), lineage: JSON.stringify(Object.keys(files)) }),
    ),
  )

const ORDERED = (columns: string) => `SELECT ${columns} FROM read_parquet($0) ORDER BY ALL`

describe('the Parquet merger', () => {
  it('keeps every row of small, large and old files, and the order of time', async () => {
    const files: Record<string, Uint8Array> = { large: await write(NEW, rowsAt(900, 5000, { region: 'eu', size: 1 })) }
    for (let i = 0; i < 30; i++) files[`small-${i}`] = await write(NEW, rowsAt(70, i * 500, { region: null, size: i }))
    for (let i = 0; i < 5; i++) files[`old-${i}`] = await write(OLD, rowsAt(300, i * 2000, { legacy: i }))
    files.oldLarge = await write(OLD, rowsAt(700, 100, { legacy: 99 }))
    files.none = await write(NEW, [])
    const merged = await merge(files, NEW)
    const names = 'timestamp, route, region, size, legacy'
    const inputs = Object.values(files)
    const list = inputs.map((_, i) => `SELECT * FROM read_parquet($${i})`)
    const union = `SELECT ${names} FROM read_parquet([${inputs.map((_, i) => `#${i}#`)}], union_by_name = true) ORDER BY ALL`
    expect(list.length).toBe(inputs.length)
    expect(await ask(ORDERED(names), merged)).toEqual(await ask(union.replace(/#(\d+)#/g, '$$$1'), ...inputs))
    const groups = (await readFooter(inputOf('merged', merged))).row_groups
    const starts = groups.map((group) => Number(group.columns[0]?.meta_data?.statistics?.min_value))
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    expect(groups.length).toBeLessThan(8)
    const footer = await duckdbWasmParquetMerger().readMetadata(inputOf('merged', merged))
    expect(footer.rows).toBe(String(900 + 30 * 70 + 5 * 300 + 700))
  })
})
