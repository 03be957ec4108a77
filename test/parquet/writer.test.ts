import { readdirSync } from 'node:fs'
// @ts-expect-error: its types are not among its exports
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { parquetHeader } from 'hyparquet/src/column.js'
import { readParquet } from 'parquet-wasm/node'
import { describe, expect, it } from 'vitest'
import { readFooter } from '../../templates/src/parquet/footer.ts'
import { ALL_TYPES, ask, columnsOf, ENGINES, inputOf, type Row } from './helpers.ts'

const SHOWN = `SELECT epoch_ms(timestamp)::VARCHAR AS timestamp, hex(text) AS text, small::VARCHAR AS small,
  big::VARCHAR AS big, real, flag, epoch_ms(seen)::VARCHAR AS seen FROM read_parquet($0)`

const shown = ({ timestamp, text, small, big, real, flag, seen }: Row) => ({
  timestamp: String(timestamp),
  text: text == null ? null : Buffer.from(String(text)).toString('hex').toUpperCase(),
  small: small == null ? null : String(small),
  big: big == null ? null : String(big),
  real,
  flag: flag ?? null,
  seen: seen == null ? null : String(seen),
})

describe.each(ENGINES)('the Parquet writer, $name', ({ name, write }) => {
  it('gives every column its type, also in a file without rows', async () => {
    for (const rows of [[], [{ timestamp: 0 }]]) {
      const file = await write(ALL_TYPES, rows, { lineage: '["a"]' })
      const columns = await ask('DESCRIBE SELECT * FROM read_parquet($0)', file)
      expect(columns.map(({ column_name, column_type }) => [column_name, column_type])).toEqual(
        ALL_TYPES.map(({ name, type }) => [name, type]),
      )
      const footer = await ask('SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata($0)', file)
      expect(footer).toEqual([{ k: 'lineage', v: '["a"]' }])
    }
  })

  it('writes a file without rows that arrow-rs and hyparquet read as well', async () => {
    const file = await write(ALL_TYPES, [])
    const names = ALL_TYPES.map(({ name }) => name)
    const { fields } = tableFromIPC(readParquet(file).intoIPCStream()).schema
    expect(fields.map((field: { name: string }) => field.name)).toEqual(names)
    const { row_groups, schema } = await readFooter(inputOf('a file', file))
    expect([row_groups, schema.slice(1).map(({ name }) => name)]).toEqual([[], names])
  })

  it('says truly where the first data page begins, which ClickHouse goes by', async () => {
    const file = await write(columnsOf({ timestamp: 'TIMESTAMP', text: 'VARCHAR' }), [
      ...Array.from({ length: 100 }, (_, i) => ({ timestamp: i, text: i % 2 ? 'odd' : 'even' })),
    ])
    const [group] = (await readFooter(inputOf('a file', file))).row_groups
    const chunk = group?.columns[1]?.meta_data
    expect(chunk?.dictionary_page_offset).toBeGreaterThan(0)
    const at = Number(chunk?.data_page_offset)
    const page = parquetHeader({ view: new DataView(Uint8Array.from(file).buffer), offset: at })
    expect((page.data_page_header ?? page.data_page_header_v2)?.num_values).toBe(100)
  })

  it('keeps every value as it is: NULL, empty text, quotes, newlines, emoji, extremes', async () => {
    const odd = [null, '', 'NULL', '"', "'", ',', '\\N', '\n', '\r\n', '\0', '\uFEFF', '😀', '\uD800', '{"a":1}']
    const time = fc.integer({ min: -8.64e15, max: 8.64e15 })
    const row = fc.record({
      timestamp: fc.oneof(time, fc.constantFrom(0, 1, -1)),
      text: fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary' })),
      small: fc.oneof(fc.integer(), fc.constant(null)),
      big: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(null, undefined, Number.MAX_SAFE_INTEGER)),
      real: fc.double({ noNaN: true, noDefaultInfinity: true }),
      flag: fc.oneof(fc.boolean(), fc.constant(null)),
      seen: fc.oneof(time, fc.constant(null)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 200, size: 'max' }), async (rows) => {
        const sorted = rows.toSorted((a, b) => a.timestamp - b.timestamp)
        const file = await write(ALL_TYPES, rows)
        expect(await ask(SHOWN, file)).toEqual(sorted.map(shown))
      }),
      { numRuns: 12 },
    )
  })

  it('keeps texts of megabytes', async () => {
    const texts = ['a'.repeat(2_500_000), '"\n😀'.repeat(300_000), '']
    const file = await write(
      ALL_TYPES,
      texts.map((text, timestamp) => ({ timestamp, text })),
    )
    const expected = await ask(`SELECT md5('${texts[0]}') AS a, md5('${texts[1]}') AS b, md5('') AS c`)
    const actual = await ask('SELECT list(md5(text) ORDER BY timestamp) AS all FROM read_parquet($0)', file)
    expect(actual[0]?.all).toEqual(Object.values(expected[0] as object))
  })

  it('stores what is no finite number as NULL', async () => {
    const file = await write(ALL_TYPES, [
      { timestamp: 1, text: Number.NaN, small: Number.NaN, big: Infinity, real: -Infinity, seen: Number.NaN },
    ])
    const [row] = await ask('SELECT text, small, big, real, seen FROM read_parquet($0)', file)
    expect(row).toEqual({ text: null, small: null, big: null, real: null, seen: null })
  })

  it('keeps labels that are numbers or booleans as text', async () => {
    const file = await write(ALL_TYPES, [
      { timestamp: 1, text: 5 },
      { timestamp: 2, text: false },
    ])
    expect(await ask('SELECT text FROM read_parquet($0)', file)).toEqual([{ text: '5' }, { text: 'false' }])
  })

  it('refuses a value that its column cannot hold, and names column, row and value', async () => {
    const misfits: [Row, RegExp][] = [
      [{ timestamp: 1, small: '5' }, /"small" is INTEGER.*row 2.*string 5/],
      [{ timestamp: 1, small: 1.5 }, /"small".*number 1.5/],
      [{ timestamp: 1, small: 2 ** 31 }, /"small"/],
      [{ timestamp: 1, small: true }, /"small"/],
      [{ timestamp: 1, big: 2 ** 53 }, /"big" is BIGINT/],
      [{ timestamp: 1, real: '1' }, /"real" is DOUBLE/],
      [{ timestamp: 1, flag: 1 }, /"flag" is BOOLEAN/],
      [{ timestamp: 1, seen: '2024-01-01' }, /"seen" is TIMESTAMP/],
      [{ timestamp: 1, seen: 9e15 }, /"seen"/],
      [{ timestamp: null }, /"timestamp"/],
      [{ timestamp: Number.NaN }, /"timestamp"/],
    ]
    for (const [row, message] of misfits)
      await expect(write(ALL_TYPES, [{ timestamp: 0 }, row])).rejects.toThrow(message)
  })

  it('sorts by timestamp and leaves equal ones in their order', async () => {
    const rows = Array.from({ length: 3000 }, (_, small) => ({ timestamp: (small * 7) % 10, small }))
    const file = await write(ALL_TYPES, rows)
    const read = await ask('SELECT small FROM read_parquet($0)', file)
    expect(read.map(({ small }) => small)).toEqual(
      rows.toSorted((a, b) => a.timestamp - b.timestamp).map(({ small }) => small),
    )
  })

  it('writes compressed row groups, one after the other in time, so that memory does not follow the batch', async () => {
    const [count, size] = name === 'columnar' ? [240_000, 100_000] : [60_000, 25_000]
    const rows = Array.from({ length: count }, (_, n) => ({ timestamp: count - n }))
    const file = await write(columnsOf({ timestamp: 'TIMESTAMP' }), rows)
    const groups = await ask('SELECT row_group_num_rows::INT AS rows, compression FROM parquet_metadata($0)', file)
    expect(groups).toEqual([size, size, count - 2 * size].map((rows) => ({ rows, compression: 'ZSTD' })))
    const read = await ask('SELECT epoch_ms(timestamp)::INT AS timestamp FROM read_parquet($0)', file)
    expect(read).toEqual(rows.toReversed())
  })

  it('gives equal bytes for equal rows, whatever was written before', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ timestamp: i % 100, text: `t${i % 17}`, real: i / 3 }))
    const first = await write(ALL_TYPES, rows, { a: 'b' })
    await write(columnsOf({ timestamp: 'TIMESTAMP', other: 'DOUBLE' }), [{ timestamp: 1, other: 2 }])
    expect(Buffer.compare(await write(ALL_TYPES, rows, { a: 'b' }), first)).toBe(0)
    expect(Buffer.compare(await write(ALL_TYPES, rows, { a: 'c' }), first)).not.toBe(0)
  })

  it('keeps the statistics in full', async () => {
    const texts = ['a long text that is over 16 bytes: first', 'a long text that is over 16 bytes: last']
    const rows = texts.map((text, i) => ({ timestamp: i + 1, text, big: i, real: i / 2, small: -i }))
    const stats = await ask(
      `SELECT path_in_schema AS c, stats_min_value AS lo, stats_max_value AS hi, stats_null_count::INT AS nulls
       FROM parquet_metadata($0) WHERE c != 'seen'`,
      await write(ALL_TYPES, rows, { any: 'thing' }),
    )
    expect(stats).toEqual([
      { c: 'timestamp', lo: '1970-01-01 00:00:00.001', hi: '1970-01-01 00:00:00.002', nulls: 0 },
      { c: 'text', lo: texts[0], hi: texts[1], nulls: 0 },
      { c: 'small', lo: '-1', hi: '0', nulls: 0 },
      { c: 'big', lo: '0', hi: '1', nulls: 0 },
      { c: 'real', lo: name === 'columnar' ? '-0.0' : '0.0', hi: '0.5', nulls: 0 },
      { c: 'flag', lo: null, hi: null, nulls: 2 },
    ])
  })

  it('leaves no file behind in the working folder', async () => {
    const before = readdirSync('.')
    await write(ALL_TYPES, [{ timestamp: 1 }])
    expect(readdirSync('.')).toEqual(before)
  })
})
