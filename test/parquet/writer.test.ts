import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duckdbWasmParquetMerger, duckdbWasmParquetWriter } from '../../templates/src/parquet/duckdb-wasm.ts'
import { parseFooter, readFooter } from '../../templates/src/parquet/footer.ts'
import type { Column } from '../../templates/src/types.ts'
import { ALL_TYPES, asEntry, ask, columnsOf, inputOf, type Row } from './helpers.ts'

async function write(columns: readonly Column[], rows: readonly Row[], metadata = {}): Promise<Uint8Array> {
  const batch = duckdbWasmParquetWriter().open(columns)
  for (const row of rows) batch.add(asEntry(row))
  expect(batch.rows).toBe(rows.length)
  return batch.finish(metadata)
}

const SELECT = `SELECT epoch_ms(timestamp)::VARCHAR AS timestamp, hex(text) AS text, small::VARCHAR AS small,
  big::VARCHAR AS big, hex(real::VARCHAR) AS real, flag, epoch_ms(seen)::VARCHAR AS seen FROM read_parquet($0)`

function shown(row: Row) {
  const text = row.text == null ? null : Buffer.from(String(row.text)).toString('hex').toUpperCase()
  const whole = (value: unknown) => (value == null ? null : String(value))
  return {
    timestamp: whole(row.timestamp),
    text,
    small: whole(row.small),
    big: whole(row.big),
    flag: row.flag ?? null,
    seen: whole(row.seen),
  }
}

async function readBack(file: Uint8Array) {
  return (await ask(SELECT, file)).map(({ real: _, ...row }) => row)
}

describe('the Parquet writer', () => {
  it('gives every column its type, also in a file without rows', async () => {
    const expected = ['TIMESTAMP', 'VARCHAR', 'INTEGER', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'TIMESTAMP']
    for (const rows of [[], [{ timestamp: 0 }]]) {
      const file = await write(ALL_TYPES, rows, { lineage: '["a"]' })
      const types = await ask('DESCRIBE SELECT * FROM read_parquet($0)', file)
      expect(types.map((column) => column.column_type)).toEqual(expected)
      expect(types.map((column) => column.column_name)).toEqual(ALL_TYPES.map(({ name }) => name))
      expect(await ask('SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata($0)', file)).toEqual([
        { k: 'lineage', v: '["a"]' },
      ])
    }
  })

  it('keeps every value as it is: NULL, empty text, quotes, newlines, emoji, extremes', async () => {
    const text = fc.oneof(
      fc.constantFrom(null, '', 'NULL', '"', "'", ',', '\\N', '\n', '\r\n', '\0', '\uFEFF', '😀', '\uD800', '{"a":1}'),
      fc.string({ unit: 'binary' }),
      fc.string(),
    )
    const time = fc.integer({ min: -8.64e15, max: 8.64e15 })
    const row = fc.record({
      timestamp: fc.oneof(time, fc.constantFrom(0, 1, -1)),
      text,
      small: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constant(null)),
      big: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(null, undefined, Number.MAX_SAFE_INTEGER)),
      real: fc.double({ noNaN: true, noDefaultInfinity: true }),
      flag: fc.oneof(fc.boolean(), fc.constant(null)),
      seen: fc.oneof(time, fc.constant(null)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        const sorted = rows.toSorted((a, b) => a.timestamp - b.timestamp)
        const file = await write(ALL_TYPES, rows)
        expect(await readBack(file)).toEqual(sorted.map(shown))
        const reals = await ask('SELECT real FROM read_parquet($0)', file)
        expect(reals.map(({ real }) => real)).toEqual(sorted.map(({ real }) => real + 0))
      }),
      { numRuns: 60 },
    )
  })
})
