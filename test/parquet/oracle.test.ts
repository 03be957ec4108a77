import { describe, expect, it } from 'vitest'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type { Column } from '../../templates/src/types.ts'
import { memoryLogs } from '../../templates/test/fakes.ts'
import { createLines } from './fuzz/lines.ts'
import { compareRows, generatedRows } from './fuzz/rows.ts'
import { ALL_TYPES, ask, collect, columnar, duckdbWasm, inputOf, type NamedEngine } from './helpers.ts'

async function ingest(
  { writer }: NamedEngine,
  files: Record<string, Buffer>,
  withColumns: readonly Column[] = columns,
) {
  const storage = memoryStorage()
  const place = { storage, columns: withColumns, prefix: 'a', granularity: 'day' } as const
  const log = { source: memoryLogs(files), writer, parseLine, maxEntriesPerFile: 1000 }
  const { rows, lines, entries, foreign, rejected, errors } = await createProcessor({ ...place, ...log }).run()
  const fragments = [...storage.objects].filter(([key]) => /^a\/\d.*parquet$/.test(key))
  const sorted = fragments.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { bytes }]) => bytes)
  return { counts: { rows, lines, entries, foreign, rejected, errors }, fragments: sorted }
}

const ALL = 'SELECT * FROM read_parquet(FILES, union_by_name = true) ORDER BY ALL'
const all = (files: Uint8Array[]) => ask(ALL.replace('FILES', `[${files.map((_, i) => `$${i}`)}]`), ...files)

describe('the columnar engine, with DuckDB for an oracle', () => {
  it('stores the same rows of the same lines, with the same counts, whether they are scanned or parsed', async () => {
    const block = createLines(Date.now())
    const inOneYear = (lines: Buffer) =>
      Buffer.from(lines.toString('latin1').replaceAll(/"20\d\d-\d\d-\d\dT/g, '"2024-05-05T'), 'latin1')
    const log = Buffer.concat(Array.from({ length: 200 }, (_, i) => inOneYear(block(i % 2 ? 0.3 : 0))))
    const files = {
      'a.ndjson': log,
      'b.ndjson': Buffer.concat([Buffer.from('\ufeff'), block(0), Buffer.from('{"_type":')]),
    }
    const parsing = columns.map(({ field, ...column }) => column)
    const expected = await ingest(duckdbWasm, files)
    const scanned = await ingest(columnar, files)
    const parsed = await ingest(columnar, files, parsing)
    expect(scanned.counts).toEqual(expected.counts)
    expect(parsed.counts).toEqual(expected.counts)
    expect(scanned.counts.rows).toBeGreaterThan(500)
    expect(await all(scanned.fragments)).toEqual(await all(expected.fragments))
    // Bytes decide a fragment's name: both ways to the same rows must lead to the same ones.
    expect(parsed.fragments.map((bytes) => Buffer.from(bytes).toString('base64'))).toEqual(
      scanned.fragments.map((bytes) => Buffer.from(bytes).toString('base64')),
    )
  })

  it('writes the same types and rows in the same order as DuckDB, and every reader reads them the same', async () => {
    for (let seed = 1; seed <= 12; seed++) await compareRows(generatedRows(seed))
  })

  it('merges files of both engines, in both directions', async () => {
    const [early, late] = [generatedRows(3), generatedRows(4)]
    const files = [await columnar.write(ALL_TYPES, early), await duckdbWasm.write(ALL_TYPES, late)]
    const inputs = files.map((bytes, i) => inputOf(`file ${i}`, bytes))
    const expected = await all(files)
    for (const { merger } of [columnar, duckdbWasm]) {
      const merged = await collect(merger().merge(inputs, ALL_TYPES, () => ({})))
      expect(await all([merged])).toEqual(expected)
      expect(await collect(columnar.merger().merge([inputOf('again', merged)], ALL_TYPES, () => ({})))).toBeDefined()
    }
  })
})
