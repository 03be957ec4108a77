import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { withLake } from '../../templates/query/duckdb.ts'
import { fragmentKey, type Granularity, partitionOf } from '../../templates/src/lake/layout.ts'
import { openSnapshot } from '../../templates/src/lake/reader.ts'
import {
  askStock,
  type HourOfRows,
  type LakeWriter,
  lakeWriter,
  makeFolder,
  optionsOf,
  stockDuckDB,
  type Written,
} from './support.ts'

const folders: { remove(): void }[] = []
afterAll(() => {
  for (const folder of folders) folder.remove()
})

async function newLake(name = 'lake', granularity: Granularity = 'day'): Promise<LakeWriter> {
  const folder = makeFolder(name)
  folders.push(folder)
  const lake = lakeWriter(folder.path, granularity)
  await lake.found()
  return lake
}

const ROWS = 'SELECT traceId FROM analytics ORDER BY traceId'

/** The rows that `report`, `query` and `verify` see. */
const read = (lake: LakeWriter) =>
  withLake(optionsOf(lake), async ({ rows, broken }) => {
    expect(broken).toEqual([])
    return (await rows(ROWS)).map((row) => row.traceId)
  })

/** The rows that a stock DuckDB sees after reading analytics.sql. */
const readStock = async (lake: LakeWriter): Promise<unknown[]> => (await askStock(lake, ROWS)).map(([id]) => id)

/** The rows of these sources, as they were written. */
const rowsOf = (...sources: [id: string, hours: readonly HourOfRows[]][]) =>
  sources
    .flatMap(([id, hours]) =>
      hours.flatMap(({ hour, rows }) => Array.from({ length: rows }, (_, i) => `${id}/${hour}/${i}`)),
    )
    .sort()

const A: HourOfRows[] = [
  { hour: '2026010110', rows: 3 },
  { hour: '2026010111', rows: 2 },
  { hour: '2026010200', rows: 1 },
]
const B: HourOfRows[] = [{ hour: '2026010110', rows: 4 }]
const C: HourOfRows[] = [{ hour: '2026010112', rows: 5 }]
/** Those in the partition that A begins in. */
const inFirst = (lake: LakeWriter, written: readonly Written[]) => {
  const first = partitionOf('2026010110', lake.granularity)
  return written.filter(({ name }) => partitionOf(name.slice(0, 10), lake.granularity) === first)
}

/** Every state that a lake may be left in, and the rows that are then in it. */
const states: Record<string, (lake: LakeWriter) => Promise<string[]>> = {
  'nothing ingested': async () => [],
  'fragments only': async (lake) => {
    await lake.ingested('a', A)
    await lake.ingested('b', B)
    return rowsOf(['a', A], ['b', B])
  },
  'committed, nothing cleaned up': async (lake) => {
    const a = await lake.ingested('a', A)
    const b = await lake.ingested('b', B)
    await lake.compact(inFirst(lake, [...a, ...b]))
    return rowsOf(['a', A], ['b', B])
  },
  'committed, half cleaned up, and fresh fragments beside it': async (lake) => {
    const cold = [...(await lake.ingested('a', A)), ...(await lake.ingested('b', B))]
    const held = inFirst(lake, cold)
    await lake.compact(held)
    lake.remove(held.slice(1))
    await lake.ingested('c', C)
    return rowsOf(['a', A], ['b', B], ['c', C])
  },
  'an orphan of an attempt that another one overtook': async (lake) => {
    await lake.fragments('a', [{ hour: '2026010110', rows: 7 }])
    await lake.ingested('a', A)
    return rowsOf(['a', A])
  },
  'a source not marked yet': async (lake) => {
    await lake.ingested('a', A)
    await lake.fragments('b', B)
    return rowsOf(['a', A])
  },
  'a source that vanished before it was whole': async (lake) => {
    await lake.fragments('b', B)
    lake.mark('b', [])
    await lake.ingested('a', A)
    return rowsOf(['a', A])
  },
  'an absorbed fragment, forgotten and written once more': async (lake) => {
    const cold = Date.UTC(2026, 0, 3)
    const a = await lake.fragments('a', A)
    lake.mark('a', a, {}, cold)
    const c = await lake.fragments('c', [{ hour: '2026010110', rows: 9 }])
    lake.mark('c', c, {}, cold + 2000)
    await lake.compact(inFirst(lake, a), { names: {}, forgotten: cold + 1000 })
    return rowsOf(['a', A], ['c', [{ hour: '2026010110', rows: 9 }]])
  },
  'files from before a column was added, beside newer ones': async (lake) => {
    const select = `strptime('2026010109', '%Y%m%d%H') AS timestamp, 'old/2026010109/' || i AS traceId`
    await lake.ingested('old', [{ hour: '2026010109', rows: 2, select }])
    await lake.ingested('a', A)
    return rowsOf(['old', [{ hour: '2026010109', rows: 2 }]], ['a', A])
  },
}

describe.each(Object.keys(states))('a lake at rest: %s', (name) => {
  it.each(['hour', 'day', 'month'] as const)(
    'reads as exactly its rows, by the reader and by analytics.sql (%s)',
    async (granularity) => {
      const lake = await newLake('lake', granularity)
      const rows = await states[name]?.(lake)
      expect(await read(lake)).toEqual(rows)
      expect(await readStock(lake)).toEqual(rows)
    },
  )
})

describe('the reader', () => {
  it.each(['a root [with] brackets', 'day=2026-01-01', "it's a *lake*?"])(
    'reads a lake in a folder called %s',
    async (name) => {
      const lake = await newLake(name)
      const a = await lake.ingested('a', A)
      await lake.compact(inFirst(lake, a))
      await lake.ingested('b', B)
      expect(await read(lake)).toEqual(rowsOf(['a', A], ['b', B]))
      expect(await readStock(lake)).toEqual(rowsOf(['a', A], ['b', B]))
    },
  )

  it('has all columns where there is no lake at all, and writes nothing there', async () => {
    const folder = makeFolder()
    folders.push(folder)
    const lake = lakeWriter(folder.path)
    const empty = await withLake(optionsOf(lake), ({ rows }) =>
      rows('SELECT count(timestamp) + count(dimensions) AS n FROM analytics'),
    )
    expect(empty).toEqual([{ n: 0 }])
    expect(readdirSync(folder.path)).toEqual([])
  })

  it('passes over other Parquet files that lie in the lake', async () => {
    const lake = await newLake()
    const [first] = await lake.ingested('a', B)
    const key = fragmentKey(lake.prefix, (first as Written).name)
    lake.put(`${lake.prefix}/2026/01/01/copy.parquet`, readFileSync(lake.pathOf(key)))
    lake.put(`${lake.prefix}/mine/compacted.parquet`, 'not even Parquet')
    expect(await read(lake)).toEqual(rowsOf(['a', B]))
    expect(await readStock(lake)).toEqual(rowsOf(['a', B]))
  })

  it('names what cannot be read, and reads the rest', async () => {
    const lake = await newLake()
    const [first] = (await lake.ingested('a', B)) as [Written]
    const compacted = await lake.compact(await lake.ingested('c', [{ hour: '2026020100', rows: 3 }]))
    lake.put(fragmentKey(lake.prefix, first.name), 'PAR1 this is no Parquet PAR1')
    lake.put(compacted, readFileSync(lake.pathOf(compacted)).subarray(0, 500))
    await lake.ingested('d', A)
    const { files, broken, release } = await openSnapshot(optionsOf(lake))
    expect(broken.map(({ where }) => where)).toEqual([fragmentKey(lake.prefix, first.name), compacted])
    expect(files).toHaveLength(4)
    await release()
  })

  it('keeps reading a snapshot whose files were replaced and deleted', async () => {
    const lake = await newLake()
    const a = await lake.ingested('a', A)
    const b = await lake.ingested('b', B)
    await lake.compact(inFirst(lake, a))
    await withLake(optionsOf(lake), async ({ rows }) => {
      await lake.compact(b, { generation: 2 }, inFirst(lake, a))
      lake.remove([...a, ...b])
      expect((await rows(ROWS)).map((row) => row.traceId)).toEqual(rowsOf(['a', A], ['b', B]))
    })
  })

  it('leaves no links behind, and clears away those of a reader that was killed', async () => {
    const lake = await newLake()
    await lake.ingested('a', A)
    const home = join(lake.root, '.snapshots')
    mkdirSync(join(home, `${hostname()}~4194000~killed`), { recursive: true })
    mkdirSync(join(home, `another-host~4194000~alive`))
    writeFileSync(join(home, `${hostname()}~4194000~killed`, 'link'), '')
    await read(lake)
    expect(readdirSync(home)).toEqual(['another-host~4194000~alive'])
  })

  it('has its links where no glob over the lake sees them', async () => {
    const lake = await newLake()
    await lake.ingested('a', A)
    const { release } = await openSnapshot(optionsOf(lake))
    const all = await (await stockDuckDB()).runAndReadAll(
      `FROM glob('${lake.root}/**/*.parquet') WHERE file NOT LIKE '%/analytics/%'`,
    )
    expect(all.getRowsJS()).toEqual([])
    await release()
  })
})
