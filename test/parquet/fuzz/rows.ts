import { isDeepStrictEqual } from 'node:util'
// @ts-expect-error: its types are not among its exports
import { tableFromIPC } from 'apache-arrow'
import { parquetReadObjects } from 'hyparquet'
import { readParquet } from 'parquet-wasm/node'
import { openCodecs } from '../../../templates/src/parquet/columnar/codec.ts'
import { random } from '../../support/generate.ts'
import { ALL_TYPES, ask, columnar, duckdbWasm, type Row } from '../helpers.ts'

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
  const { reading: compressors } = await openCodecs()
  const hyparquet = await parquetReadObjects({ file: Uint8Array.from(file).buffer, compressors })
  const arrow = tableFromIPC(readParquet(file).intoIPCStream()).toArray()
  return { duckdb: cells(duckdb), hyparquet: cells(hyparquet), arrow: cells(arrow) }
}

/** Throws unless the columnar engine stores these rows as DuckDB does, and every reader reads them the same. */
export async function compareRows(rows: readonly Row[]): Promise<void> {
  const [ours, theirs] = [await columnar.write(ALL_TYPES, rows), await duckdbWasm.write(ALL_TYPES, rows)]
  for (const sql of ['DESCRIBE SELECT * FROM read_parquet($0)', 'SELECT * FROM read_parquet($0)'])
    same(`${sql} of DuckDB's own`, await ask(sql, ours), await ask(sql, theirs))
  const { duckdb, hyparquet, arrow } = await readByAll(ours, ['timestamp', 'seen'])
  same('hyparquet', hyparquet, duckdb)
  same('arrow-rs', arrow, duckdb)
}

function same(what: string, found: unknown[] = [], expected: unknown[] = []): void {
  if (found.length !== expected.length) throw new Error(`${what}: ${found.length} rows, expected ${expected.length}`)
  const row = found.findIndex((value, i) => !isDeepStrictEqual(value, expected[i]))
  if (row >= 0)
    throw new Error(`${what}: row ${row} is ${JSON.stringify(found[row])}, expected ${JSON.stringify(expected[row])}`)
}

/** Columns of every shape: NULL throughout, all equal, all different, often the same; and the odd values of each type. */
export function generatedRows(seed: number): Row[] {
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
