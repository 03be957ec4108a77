import { describe, expect, it } from 'vitest'
import type { Column, MergeInput } from '../../templates/src/types.ts'
import { ask, collect, columnsOf, ENGINES, inputOf, type NamedEngine, type Row } from './helpers.ts'

const OLD = columnsOf({ timestamp: 'TIMESTAMP', route: 'VARCHAR', legacy: 'INTEGER' })
const NEW = columnsOf({ timestamp: 'TIMESTAMP', route: 'VARCHAR', region: 'VARCHAR', size: 'BIGINT' })

const rowsAt = (from: number, count: number, more: Row = {}): Row[] =>
  Array.from({ length: count }, (_, i) => ({ timestamp: from + ((i * 7919) % count), route: `/r/${i % 13}`, ...more }))

type Files = Record<string, Uint8Array>

const inputsOf = (files: Files) => Object.entries(files).map(([name, bytes]) => inputOf(name, bytes))

const mergeWith =
  ({ merger }: NamedEngine) =>
  (files: Files | MergeInput[], columns: readonly Column[], rowGroupRows = 1000): Promise<Uint8Array> => {
    const inputs = Array.isArray(files) ? files : inputsOf(files)
    const options = { rowGroupRows, copyRows: rowGroupRows / 2 }
    return collect(merger(options).merge(inputs, columns, (rows) => ({ rows: String(rows) })))
  }

const groupsOf = (file: Uint8Array) =>
  ask(
    `SELECT row_group_num_rows::INT AS rows, epoch_ms(stats_min_value::TIMESTAMP)::INT AS lo,
     epoch_ms(stats_max_value::TIMESTAMP)::INT AS hi FROM parquet_metadata($0) WHERE path_in_schema = 'timestamp'`,
    file,
  )

describe.each(ENGINES)('the Parquet merger, $name', (engine) => {
  const { write, merger } = engine
  const merge = mergeWith(engine)

  it('keeps every row of small, large, old and empty files, in order of time', async () => {
    const files: Files = { large: await write(NEW, rowsAt(5000, 900, { region: 'eu', size: 1 })) }
    for (let i = 0; i < 12; i++) files[`small-${i}`] = await write(NEW, rowsAt(i * 1000, 70, { region: null, size: i }))
    for (let i = 0; i < 5; i++) files[`old-${i}`] = await write(OLD, rowsAt(i * 2000, 300, { legacy: i }))
    files.oldLarge = await write(OLD, rowsAt(100, 700, { legacy: 99 }))
    files.none = await write(NEW, [])
    const merged = await merge(files, NEW)

    const inputs = Object.values(files)
    const all = (from: string) => `SELECT timestamp, route, region, size, legacy FROM ${from} ORDER BY ALL`
    const union = `read_parquet([${inputs.map((_, i) => `$${i}`)}], union_by_name = true)`
    expect(await ask(all('read_parquet($0)'), merged)).toEqual(await ask(all(union), ...inputs))

    const groups = await groupsOf(merged)
    expect(groups.map(({ lo }) => lo)).toEqual(groups.map(({ lo }) => lo).toSorted((a, b) => Number(a) - Number(b)))
    expect(groups.length).toBeLessThan(8)
    const rows = 900 + 12 * 70 + 5 * 300 + 700
    expect(await merger().readMetadata(inputOf('merged', merged))).toEqual({ rows: String(rows) })
  })

  it('leaves every file readable by merges of merges, with the same rows', async () => {
    let merged = await write(NEW, [])
    for (let round = 0; round < 6; round++) {
      merged = await merge({ merged, more: await write(NEW, rowsAt(round * 400, 430, { size: round })) }, NEW)
    }
    const [total] = await ask(
      'SELECT count(*)::INT AS rows, sum(size)::INT AS sizes, sum(epoch_ms(timestamp))::INT AS times FROM $0',
      merged,
    )
    const expected = [0, 1, 2, 3, 4, 5].flatMap((round) => rowsAt(round * 400, 430))
    const times = expected.reduce((sum, row) => sum + Number(row.timestamp), 0)
    expect(total).toEqual({ rows: expected.length, sizes: 15 * 430, times })
    expect((await groupsOf(merged)).length).toBeLessThan(5)
  })

  it('copies large row groups byte for byte and lets late rows form one of their own', async () => {
    const first = await write(NEW, rowsAt(0, 800, { region: 'eu' }))
    const second = await write(NEW, rowsAt(1000, 900, { region: 'us' }))
    const late = { a: await write(NEW, rowsAt(300, 20)), b: await write(NEW, rowsAt(1300, 30)) }
    const merged = await merge({ second, ...late, first }, NEW)
    expect(await groupsOf(merged)).toEqual([
      { rows: 800, lo: 0, hi: 799 },
      { rows: 50, lo: 300, hi: 1329 },
      { rows: 900, lo: 1000, hi: 1899 },
    ])
    for (const file of [first, second]) {
      const data = file.subarray(4, file.length - 8 - Buffer.from(file).readUInt32LE(file.length - 8))
      expect(Buffer.from(merged).includes(Buffer.from(data))).toBe(true)
    }
  })

  it('keeps statistics in full in row groups that it copies', async () => {
    const text = (i: number) => `/a/route/of/more/than/16/bytes/${String(i).padStart(4, '0')}`
    const rows = rowsAt(0, 600).map((row, i) => ({ ...row, route: text(i) }))
    const merged = await merge({ a: await write(NEW, rows), b: await write(NEW, rowsAt(5000, 600)) }, NEW)
    const stats = await ask(
      `SELECT stats_min_value AS lo, stats_max_value AS hi FROM parquet_metadata($0)
       WHERE path_in_schema = 'route' AND row_group_id = 0`,
      merged,
    )
    expect(stats).toEqual([{ lo: text(0), hi: text(599) }])
  })

  it('reads NULL where a file is older than a column, and takes names that differ in case for one', async () => {
    const upper = columnsOf({ timestamp: 'TIMESTAMP', ROUTE: 'VARCHAR' })
    const files = {
      old: await write(upper, [{ timestamp: 1, ROUTE: '/x' }]),
      new: await write(NEW, [{ timestamp: 2 }]),
    }
    const merged = await merge(files, NEW)
    expect(await ask('SELECT route, region FROM read_parquet($0)', merged)).toEqual([
      { route: '/x', region: null },
      { route: null, region: null },
    ])
  })

  it('keeps the column of a file that has rows no more', async () => {
    const merged = await merge({ old: await write(OLD, []) }, NEW)
    const columns = await ask('DESCRIBE SELECT * FROM read_parquet($0)', merged)
    expect(columns.map(({ column_name }) => column_name)).toEqual(['timestamp', 'route', 'region', 'size', 'legacy'])
  })

  it('refuses one name with two types, and says where', async () => {
    const other = columnsOf({ timestamp: 'TIMESTAMP', size: 'VARCHAR' })
    const files = { a: await write(NEW, rowsAt(0, 1)), b: await write(other, rowsAt(0, 1)) }
    await expect(merge(files, NEW)).rejects.toThrow(/^b: .*"size" is VARCHAR.*BIGINT/)
  })

  it('gives equal bytes for equal inputs, ties and all', async () => {
    const same = (n: number) => rowsAt(0, 60, { size: n }).map((row) => ({ ...row, timestamp: 7 }))
    const files = { a: await write(NEW, same(1)), b: await write(OLD, same(2)), c: await write(NEW, same(3)) }
    const first = await merge(files, NEW)
    await merge({ other: await write(NEW, rowsAt(0, 100)), more: await write(NEW, rowsAt(0, 100)) }, NEW)
    expect(Buffer.compare(await merge(files, NEW), first)).toBe(0)
  })

  it('holds one row group at a time, whatever the inputs', async () => {
    const large = await write(NEW, rowsAt(0, 600))
    const events: string[] = []
    const inputs = Array.from({ length: 4 }, (_, i) => ({
      name: `${i}`,
      size: large.length,
      read: async (offset: number, length: number) => {
        events.push(`read ${i}`)
        return large.slice(offset, offset + length)
      },
    }))
    for await (const _ of merger({ rowGroupRows: 1000, copyRows: 500 }).merge(inputs, NEW, () => ({})))
      events.push('out')
    const copied = events.slice(4)
    expect(copied).toEqual(['out', 'read 0', 'out', 'read 1', 'out', 'read 2', 'out', 'read 3', 'out', 'out'])
  })

  it('keeps row groups under their bound of bytes', async () => {
    const heavy = () =>
      write(
        NEW,
        rowsAt(0, 10).map((row, i) => ({ ...row, region: String(i).repeat(2_000_000) })),
      )
    const files: Files = {}
    for (let i = 0; i < 5; i++) files[i] = await heavy()
    const sizes = await ask(
      'SELECT DISTINCT row_group_id, row_group_bytes::INT AS bytes FROM parquet_metadata($0)',
      await merge(files, NEW),
    )
    expect(sizes.length).toBeGreaterThan(1)
    for (const { bytes } of sizes) expect(bytes).toBeLessThan(65 * 1024 * 1024)
  })
})

describe.each(ENGINES)('a file that is no whole Parquet, $name', (engine) => {
  const { write, merger } = engine
  const merge = mergeWith(engine)

  it('is refused by its name, wherever it is damaged', async () => {
    const whole = Buffer.from(await write(NEW, rowsAt(0, 50), { lineage: 'x'.repeat(200) }))
    const flipped = (at: number) => {
      const copy = Buffer.from(whole)
      copy[at] = (copy[at] as number) ^ 0xff
      return copy
    }
    const damaged = [
      Buffer.alloc(0),
      Buffer.from('PAR1'),
      Buffer.from('{"_type":"stoma_analytics"}\n'),
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, whole.length / 2),
      Buffer.concat([whole, Buffer.from('\n')]),
      Buffer.concat([whole.subarray(0, 4), whole.subarray(100)]),
      flipped(whole.length - 5),
    ]
    for (const bytes of damaged) {
      const message = /^lake\/bad.parquet is no whole Parquet file .*restore it or move it away/s
      const good = inputOf('good', whole)
      await expect(merge([good, inputOf('lake/bad.parquet', bytes)], NEW)).rejects.toThrow(message)
      await expect(merger().readMetadata(inputOf('lake/bad.parquet', bytes))).rejects.toThrow(message)
    }
  })

  it('is named when only its pages are damaged', async () => {
    const files = { good: await write(NEW, rowsAt(0, 50)), bad: Buffer.from(await write(NEW, rowsAt(0, 50))) }
    files.bad.fill(0xee, 4, 200)
    await expect(merge(files, NEW)).rejects.toThrow(/^bad: .*cannot (read it|be read)/)
  })

  it('never makes the output end where reads come back short', async () => {
    const bytes = await write(NEW, rowsAt(0, 900))
    const input = inputOf('shrunk', bytes)
    let reads = 0
    const read: MergeInput['read'] = async (offset, length) =>
      reads++ === 0 ? input.read(offset, length) : input.read(offset, length - 1)
    await expect(merge([{ ...input, read }], NEW)).rejects.toThrow(/^shrunk: /)
  })

  it('is told apart from one that could not be read', async () => {
    const input = inputOf('away', await write(NEW, rowsAt(0, 10)))
    const read = () => Promise.reject(new Error('the network is down'))
    await expect(merger().readMetadata({ ...input, read })).rejects.toThrow(/^the network is down$/)
  })

  it('is told apart from a footer of any length', async () => {
    const lineage = 'fragment,'.repeat(40_000)
    const file = await write(NEW, rowsAt(0, 10), { lineage })
    const ranges: number[] = []
    const input = inputOf('long', file)
    const read: MergeInput['read'] = (offset, length) => {
      ranges.push(length)
      return input.read(offset, length)
    }
    expect(await merger().readMetadata({ ...input, read })).toEqual({ lineage })
    expect(ranges.length).toBe(2)
  })
})
