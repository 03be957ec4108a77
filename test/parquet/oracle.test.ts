// @ts-expect-error: its types are not among its exports
import { tableFromIPC } from 'apache-arrow'
import { parquetReadObjects } from 'hyparquet'
import { readParquet } from 'parquet-wasm/node'
import { describe, expect, it } from 'vitest'
import { bestCodec, decompressors } from '../../templates/src/parquet/columnar/codec.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type { Column } from '../../templates/src/types.ts'
import { memoryLogs } from '../../templates/test/fakes.ts'
import { random } from '../support/generate.ts'
import { createLines } from './fuzz/lines.ts'
import { ALL_TYPES, ask, collect, columnar, duckdbWasm, inputOf, type NamedEngine, type Row } from './helpers.ts'

/** The rows of a file as texts, by readers that have nothing in common; times in milliseconds. */
async function readByAll(file: Uint8Array, times: readonly string[]): Promise<Record<string, unknown[][]>> {
  const text = (value: unknown): string | null => {
    if (value === null || value === undefined) return null
    if (value instanceof Date) return String(value.getTime())
    return Object.is(value, -0) ? '-0' : String(value)
  }
  const shown = times.map((name) => `epoch_ms("${name}")::BIGINT AS "${name}"`)
  const duckdb = await ask(`SELECT * REPLACE (${shown}) FROM read_parquet($0)`, file)
  const names = Object.keys(duckdb[0] ?? {})
  const cells = (rows: readonly Record<string, unknown>[]) => rows.map((row) => names.map((name) => text(row[name])))
  const hyparquet = await parquetReadObjects({ file: Uint8Array.from(file).buffer, compressors: decompressors })
  const arrow = tableFromIPC(readParquet(file).intoIPCStream()).toArray()
  return { duckdb: cells(duckdb), hyparquet: cells(hyparquet), arrow: cells(arrow) }
}

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

const rowsOf = (file: Uint8Array) => ask('SELECT * FROM read_parquet($0)', file)
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
    for (let seed = 1; seed <= 12; seed++) {
      const rows = generatedRows(seed)
      const [ours, theirs] = [await columnar.write(ALL_TYPES, rows), await duckdbWasm.write(ALL_TYPES, rows)]
      const describe = 'DESCRIBE SELECT * FROM read_parquet($0)'
      expect(await ask(describe, ours)).toEqual(await ask(describe, theirs))
      const read = await readByAll(ours, ['timestamp', 'seen'])
      expect(await rowsOf(ours)).toEqual(await rowsOf(theirs))
      expect(read.hyparquet, `seed ${seed}`).toEqual(read.duckdb)
      expect(read.arrow, `seed ${seed}`).toEqual(read.duckdb)
    }
  })

  it.skipIf(bestCodec().name !== 'ZSTD')('merges files of both engines, in both directions', async () => {
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

/** Columns of every shape: NULL throughout, all equal, all different, often the same; and the odd values of each type. */
function generatedRows(seed: number): Row[] {
  const next = random(seed)
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <T>(from: readonly T[]) => from[below(from.length)] as T
  const shape = <T>(one: () => T, odd: readonly T[]) => {
    const common = Array.from({ length: 1 + below(20) }, one)
    const nulls = pick([0, 0, 0.1, 0.9])
    const makers = [() => null, () => common[0] as T, () => pick(common), one, () => (next() < 0.5 ? pick(odd) : one())]
    const make = pick(makers)
    return () => (next() < nulls ? null : make())
  }
  const utf8 = () =>
    String.fromCodePoint(pick([below(128), 128 + below(1900), 2048 + below(50_000), 65_536 + below(900_000)]))
  const text = shape(
    () => Array.from({ length: below(40) }, utf8).join(''),
    ['', 'x'.repeat(5000), 'é'.repeat(1000), '\0', '"', 'NULL'],
  )
  const small = shape(() => below(1000), [0, -1, 2 ** 31 - 1, -(2 ** 31)])
  const big = shape(() => below(1e9), [2 ** 53 - 1, -(2 ** 53) + 1, 0, -1, 2 ** 52, 2 ** 51, 2 ** 32])
  const real = shape(() => next() * 1000, [0, -0, 1e308, -1e308, 5e-324, Number.NaN, Number.POSITIVE_INFINITY])
  const flag = shape(() => next() < 0.5, [true, false])
  const seen = shape(() => below(2e12), [0, -1, 8.64e15, -8.64e15])
  const spread = pick([1, 1000, 3_600_000, 1e13])
  return Array.from({ length: pick([1, 7, 130, 1000, 3000]) }, () => ({
    timestamp: 1.7e12 + below(spread),
    ...{ text: text(), small: small(), big: big(), real: real(), flag: flag(), seen: seen() },
  }))
}
