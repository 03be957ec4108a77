import { describe, expect, it } from 'vitest'
import { TraceEventScanner } from '../../templates/src/parquet/columnar/trace-events.ts'
import { columnarParquetWriter } from '../../templates/src/parquet/columnar/writer.ts'
import { traceEvents } from '../../templates/src/processor/formats/cloudflare.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type { Column, ParseLine } from '../../templates/src/types.ts'
import { memoryLogs } from '../../templates/test/fakes.ts'
import { createEvents } from './fuzz/events.ts'
import { createLines } from './fuzz/lines.ts'
import { compareRows, generatedRows } from './fuzz/rows.ts'
import { ALL_TYPES, ask, collect, columnar, duckdbWasm, inputOf, type NamedEngine } from './helpers.ts'

async function ingest(
  { writer }: Pick<NamedEngine, 'writer'>,
  files: Record<string, Buffer>,
  { withColumns = columns, format = parseLine }: { withColumns?: readonly Column[]; format?: ParseLine } = {},
) {
  const storage = memoryStorage()
  const place = { storage, columns: withColumns, prefix: 'a', granularity: 'day' } as const
  const log = { source: memoryLogs(files), writer, parseLine: format, maxEntriesPerFile: 1000 }
  const { rows, lines, entries, foreign, rejected, errors } = await createProcessor({ ...place, ...log }).run()
  const fragments = [...storage.objects].filter(([key]) => /^a\/\d.*parquet$/.test(key))
  const sorted = fragments.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { bytes }]) => bytes)
  return { counts: { rows, lines, entries, foreign, rejected, errors }, fragments: sorted }
}

const ALL = 'SELECT * FROM read_parquet(FILES, union_by_name = true) ORDER BY ALL'
const all = (files: Uint8Array[]) => ask(ALL.replace('FILES', `[${files.map((_, i) => `$${i}`)}]`), ...files)

/** All within one year, or each entry would have a file of its own. */
const inOneYear = (lines: Buffer) =>
  Buffer.from(lines.toString('latin1').replaceAll(/"20\d\d-\d\d-\d\dT/g, '"2024-05-05T'), 'latin1')

describe('the columnar engine, with DuckDB for an oracle', () => {
  it('stores the same rows of the same lines, with the same counts, whether they are scanned or parsed', async () => {
    const block = createLines(Date.now())
    const log = Buffer.concat(Array.from({ length: 200 }, (_, i) => inOneYear(block(i % 2 ? 0.3 : 0))))
    const files = {
      'a.ndjson': log,
      'b.ndjson': Buffer.concat([Buffer.from('\ufeff'), block(0), Buffer.from('{"_type":')]),
    }
    const parsing = columns.map(({ field, ...column }) => column)
    const expected = await ingest(duckdbWasm, files)
    const scanned = await ingest(columnar, files)
    const parsed = await ingest(columnar, files, { withColumns: parsing })
    expect(scanned.counts).toEqual(expected.counts)
    expect(parsed.counts).toEqual(expected.counts)
    expect(scanned.counts.rows).toBeGreaterThan(500)
    expect(await all(scanned.fragments)).toEqual(await all(expected.fragments))
    // Bytes decide a fragment's name: both ways to the same rows must lead to the same ones.
    expect(parsed.fragments.map((bytes) => Buffer.from(bytes).toString('base64'))).toEqual(
      scanned.fragments.map((bytes) => Buffer.from(bytes).toString('base64')),
    )
  })

  it('stores the same rows of the same trace events, with the same counts, whether they are scanned or parsed', async () => {
    const block = createEvents(Date.now())
    const log = Buffer.concat(Array.from({ length: 200 }, (_, i) => inOneYear(block(i % 2 ? 0.3 : 0))))
    const files = { 'a.log': log, 'b.log': Buffer.concat([Buffer.from('\ufeff'), block(0), Buffer.from('{"Logs":')]) }
    const format = traceEvents({ ownScript: 'own-script' })
    const events = new TraceEventScanner('own-script')
    const scanning = { writer: columnarParquetWriter(events.entries, events) }
    const expected = await ingest(duckdbWasm, files, { format })
    const scanned = await ingest(scanning, files, { format })
    const parsed = await ingest({ writer: columnarParquetWriter() }, files, { format })
    expect(scanned.counts).toEqual(expected.counts)
    expect(scanned.counts.rows).toBeGreaterThan(200)
    expect(await all(scanned.fragments)).toEqual(await all(expected.fragments))
    expect(scanned.fragments.map((bytes) => Buffer.from(bytes).toString('base64'))).toEqual(
      parsed.fragments.map((bytes) => Buffer.from(bytes).toString('base64')),
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
