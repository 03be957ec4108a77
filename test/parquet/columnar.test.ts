import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { readAll } from '../../templates/src/lake/state.ts'
import { openCodecs } from '../../templates/src/parquet/columnar/codec.ts'
import { columnarParquetMerger } from '../../templates/src/parquet/columnar/merger.ts'
import { encodeRowGroup, openColumns, schemaOf } from '../../templates/src/parquet/columnar/row-group.ts'
import { EntryScanner } from '../../templates/src/parquet/columnar/scan.ts'
import { hashOf, mix, viewOf } from '../../templates/src/parquet/columnar/words.ts'
import { columnarParquetWriter, encodeRows } from '../../templates/src/parquet/columnar/writer.ts'
import { joinRowGroups } from '../../templates/src/parquet/footer.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { columns } from '../../templates/src/schema.ts'
import type { Column } from '../../templates/src/types.ts'
import { entry } from '../../templates/test/fakes.ts'
import { random } from '../support/generate.ts'
import { ALL_TYPES, ask, inputOf } from './helpers.ts'

async function rowsOf(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const { reading } = await openCodecs()
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  return parquetReadObjects({ file, compressors: reading as never })
}

const lineOf = (fields: object, raw = '') => Buffer.from(`${JSON.stringify(entry(fields)).replace(/}$/, raw)}}\n`)

/** So many ids of 32 hexadecimal digits; by their hashes alike in the last bits if they are to collide. */
function ids(count: number, collide: boolean): string[] {
  const next = random(7)
  const hex = (length: number) => Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join('')
  const ends = Array.from({ length: 65_536 }, (_, i) => i.toString(16).padStart(4, '0'))
  const words = ends.map((end) => Buffer.from(end).readInt32LE())
  const found: string[] = []
  while (found.length < count) {
    const prefix = hex(28)
    const hash = hashOf(viewOf(Buffer.from(prefix)), 0, 28)
    for (const [i, end] of ends.entries())
      if (!collide || (mix(hash, words[i] as number) & 0xfff) === 1) found.push(prefix + end)
  }
  return found.slice(0, count)
}

describe('the columnar engine', () => {
  it('keeps rows without a time, behind all others', async () => {
    const some: Column[] = columns.filter(({ name }) => name === 'traceId' || name === 'timestamp')
    const data = openColumns(some)
    const times = [null, 2000, null, 1000]
    for (const [row, time] of times.entries())
      for (const [i, { name }] of some.entries()) data[i]?.set(row, (name === 'traceId' ? `id${row}` : time) as never)
    const groups = await encodeRows(some, data, times.length)
    const rows = await rowsOf(await readAll(joinRowGroups(schemaOf(some), groups, () => ({}))))
    expect(rows.map(({ traceId }) => traceId)).toEqual(['id3', 'id1', 'id0', 'id2'])
  })

  it('merges a file of another writer that has no times at all', async () => {
    const some = columns.filter(({ name }) => name === 'traceId')
    const data = openColumns(some)
    for (let row = 0; row < 3; row++) data[0]?.set(row, `id${row}` as never)
    const { writing } = await openCodecs()
    const group = encodeRowGroup(some, data, Uint32Array.of(0, 1, 2), writing)
    const file = await readAll(joinRowGroups(schemaOf(some), [group], () => ({})))
    const merged = await rowsOf(
      await readAll(columnarParquetMerger().merge([inputOf('a file', file)], columns, () => ({}))),
    )
    expect(merged.map(({ traceId }) => traceId)).toEqual(['id0', 'id1', 'id2'])
  })

  it('takes no text for labels that is none, whatever it read before', () => {
    const line = lineOf({ traceId: '{é}' }, ',"dimensions":{é}')
    expect(parseLine(line.toString().trim())[0]?.kind).toBe('rejected')
    expect(new EntryScanner().scan(line, 0)).toBe(-1)
  })

  it('leaves a line to the parser wherever it was cut, as the last one of a log may be', () => {
    const line = lineOf({ traceId: 'a1', dimensions: { region: 'eu', plan: 'é' } })
    for (let length = 0; length < line.length; length++) {
      // As a part of more bytes, and as all there is.
      expect(new EntryScanner().scan(line.subarray(0, length), 0)).toBe(-1)
      expect(new EntryScanner().scan(new Uint8Array(line.subarray(0, length)), 0)).toBe(-1)
    }
  })

  it('takes no minute of NULs, which is what it has read before its first line', () => {
    const line = Buffer.from(
      lineOf({})
        .toString()
        .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:/, '\0'.repeat(17)),
    )
    expect(new EntryScanner().scan(line, 0)).toBe(-1)
  })

  it('scans no line for a column that stores a field in a type of its own', () => {
    const writer = columnarParquetWriter(new EntryScanner())
    expect(writer.openScanner?.(columns)).toBeDefined()
    for (const [field, type] of [
      ['timestamp', 'VARCHAR'],
      ['statusCode', 'VARCHAR'],
      ['responseSize', 'INTEGER'],
      ['_type', 'VARCHAR'],
    ] as const)
      expect(writer.openScanner?.([...columns, { name: 'own', type, field, value: (entry) => entry[field] }])).toBe(
        undefined,
      )
  })

  it('writes a long text once, however many rows have it among others', async () => {
    const batch = columnarParquetWriter().open(columns)
    const long = ids(3000, false).join('')
    for (let row = 0; row < 100; row++) batch.add(entry({ traceId: long }))
    for (const traceId of ids(150, false)) batch.add(entry({ traceId }))
    const counted = batch.bytes
    const file = await batch.finish({})
    expect(file.length).toBeLessThan(counted)
    expect((await rowsOf(file)).filter(({ traceId }) => traceId === long)).toHaveLength(100)
  })

  it('looks for an id that clients chose no longer than for any other', async () => {
    const searched = (list: string[]) => {
      const batch = columnarParquetWriter().open(columns)
      const { getFloat64 } = DataView.prototype
      let reads = 0
      DataView.prototype.getFloat64 = function (...args) {
        reads++
        return getFloat64.apply(this, args)
      }
      try {
        for (const traceId of list) batch.add(entry({ traceId }))
      } finally {
        DataView.prototype.getFloat64 = getFloat64
      }
      return reads
    }
    const count = 3000
    // A search compares the first eight bytes at least: without an end, 3,000 searches would make millions.
    expect(searched(ids(count, true))).toBeLessThan(100 * count)
    expect(searched(ids(count, true).slice(0, 10))).toBeGreaterThan(0)
  })

  it('merges a text that comes with thousands of rows in the memory of one', async () => {
    const writer = columnarParquetWriter()
    const files: Uint8Array[] = []
    for (const list of [ids(9000, false), ids(18_000, false).slice(9000)]) {
      const batch = writer.open(columns)
      for (const traceId of list) batch.add(entry({ traceId }))
      files.push(await batch.finish({}))
    }
    const batch = writer.open(columns)
    const long = ids(300, false).join('')
    for (let row = 0; row < 9000; row++) batch.add(entry({ traceId: long }))
    files.push(await batch.finish({}))
    const inputs = files.map((file, i) => inputOf(`file ${i}`, file))
    const merged = await readAll(columnarParquetMerger().merge(inputs, columns, () => ({})))
    // Kept by row it would be 86 MB, which do not shrink to this.
    expect(merged.length).toBeLessThan(files.reduce((sum, { length }) => sum + length, 0) + 100_000)
    const rows = await rowsOf(merged)
    expect(rows).toHaveLength(27_000)
    expect(rows.filter(({ traceId }) => traceId === long)).toHaveLength(9000)
  })

  it('refuses a text that is no UTF-8, and names the file', async () => {
    const some = columns.filter(({ name }) => name === 'traceId')
    const data = openColumns(some)
    data[0]?.set(0, Buffer.from([0x61, 0xff, 0xff]) as never)
    const { writing } = await openCodecs()
    const group = encodeRowGroup(some, data, Uint32Array.of(0), writing)
    const file = await readAll(joinRowGroups(schemaOf(some), [group], () => ({})))
    const merging = readAll(columnarParquetMerger().merge([inputOf('b.parquet', file)], columns, () => ({})))
    await expect(merging).rejects.toThrow(/b\.parquet: a text of "traceId" is not UTF-8/)
  })

  it('says which bounds are exact, so that DuckDB answers with them; a zero may be of either sign', async () => {
    const writer = columnarParquetWriter()
    const fileFrom = async (time: number, real: number) => {
      const batch = writer.open(ALL_TYPES)
      for (let row = 0; row < 10_000; row++)
        batch.add({ timestamp: time + row, text: `t${row}`, small: row, big: -row, real: real + row } as never)
      return batch.finish({})
    }
    const files = [await fileFrom(1000, 0), await fileFrom(50_000, 0.5)]
    const copied = await readAll(
      columnarParquetMerger().merge(
        files.map((file, i) => inputOf(`${i}`, file)),
        ALL_TYPES,
        () => ({}),
      ),
    )
    const exact = await ask(
      `SELECT row_group_id::INT AS "group", list(path_in_schema) FILTER (min_is_exact) AS least,
       list(path_in_schema) FILTER (max_is_exact) AS greatest
       FROM parquet_metadata($0) GROUP BY ALL ORDER BY ALL`,
      copied,
    )
    const bounded = ['timestamp', 'text', 'small', 'big', 'real']
    expect(exact).toEqual([
      { group: 0, least: bounded.filter((name) => name !== 'real'), greatest: bounded },
      { group: 1, least: bounded, greatest: bounded },
    ])
    const plan = await ask(`EXPLAIN SELECT min("timestamp"), max("timestamp"), max(big) FROM read_parquet($0)`, copied)
    expect(plan[0]?.explain_value).not.toContain('READ_PARQUET')
    expect(await ask('SELECT min(real)::VARCHAR AS least FROM read_parquet($0)', copied)).toEqual([{ least: '0.0' }])
  })

  it('reads a small fragment in two requests: its footer, and all of its rows', async () => {
    const batch = columnarParquetWriter().open(columns)
    for (let row = 0; row < 2000; row++) batch.add(entry({ traceId: `id${row}` }))
    const file = await batch.finish({})
    const reads: number[] = []
    const inputs = ['a', 'b', 'c'].map((name, i) => {
      const input = inputOf(name, file)
      reads[i] = 0
      const read: typeof input.read = (offset, length) => {
        reads[i] = (reads[i] as number) + 1
        return input.read(offset, length)
      }
      return { ...input, read }
    })
    expect(await rowsOf(await readAll(columnarParquetMerger().merge(inputs, columns, () => ({}))))).toHaveLength(6000)
    expect(reads).toEqual([2, 2, 2])
  })

  it('keeps bounds of texts that begin with a byte order mark, also of row groups that it copies', async () => {
    const writer = columnarParquetWriter()
    const batch = writer.open(ALL_TYPES)
    for (let row = 0; row < 10_000; row++)
      batch.add({ timestamp: row, text: row === 7 ? '\ufeffz' : `t${row}` } as never)
    const input = inputOf('a', await batch.finish({}))
    const copied = await readAll(columnarParquetMerger().merge([input], ALL_TYPES, () => ({})))
    const found = await ask(`SELECT "timestamp" FROM read_parquet($0) WHERE text = '\ufeffz'`, copied)
    expect(found).toHaveLength(1)
  })

  it('refuses a number of another writer that it would change, and names the file', async () => {
    const merge = async (column: string) => {
      const select = `SELECT TIMESTAMP '2026-01-01' AS "timestamp", ${column}`
      const sql = `COPY (${select}) TO $0 (FORMAT PARQUET); SELECT hex(content) AS hex FROM read_blob($0)`
      const [file] = await ask(sql, new Uint8Array())
      const input = inputOf('b.parquet', Buffer.from(String(file?.hex), 'hex'))
      return rowsOf(await readAll(columnarParquetMerger().merge([input], ALL_TYPES, () => ({}))))
    }
    const most = Number.MAX_SAFE_INTEGER
    expect(await merge(`-${most} AS big, true AS flag`)).toMatchObject([{ big: -BigInt(most), flag: true }])
    for (const [name, value] of Object.entries({ big: '9007199254740993', seen: "'infinity'::TIMESTAMP" }))
      await expect(merge(`${value} AS ${name}`)).rejects.toThrow(
        new RegExp(`b\\.parquet: .* in "${name}" is more than`),
      )
  })
})
