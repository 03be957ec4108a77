import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { withLake } from '../../templates/query/duckdb.ts'
import { runReport } from '../../templates/query/report.ts'
import { runVerify } from '../../templates/query/verify.ts'
import { fragmentKey, fragmentName } from '../../templates/src/lake/layout.ts'
import { ndjsonPassthroughWriter } from '../../templates/src/parquet/ndjson-passthrough.ts'
import { columns } from '../../templates/src/schema.ts'
import type { AnalyticsEntry } from '../../templates/src/types.ts'
import { lakeWriter, makeFolder, optionsOf, run, stockDuckDB, type Written } from './support.ts'

// The variant is emitted in the default's place; here it is put there.
vi.mock('../../templates/src/lake/reader.ts', () => import('../../templates/src/lake/reader.ndjson.ts'))

const folder = makeFolder("it's [a] lake=1")
afterAll(() => folder.remove())

const entry = (timestamp: string, more: Partial<AnalyticsEntry> = {}): AnalyticsEntry => ({
  _type: 'stoma_analytics',
  timestamp,
  gatewayName: 'gate',
  routePath: '/',
  method: 'GET',
  statusCode: 200,
  durationMs: 1.5,
  responseSize: null,
  ...more,
})

describe('a lake of NDJSON', () => {
  const lake = lakeWriter(folder.path)
  const options = optionsOf(lake)
  async function fragment(id: string, entries: AnalyticsEntry[]): Promise<Written> {
    const batch = ndjsonPassthroughWriter().open(columns)
    for (const one of entries) batch.add(one)
    const bytes = await batch.finish({})
    const name = fragmentName('2026010110', { sourceName: 'logs', key: id, offset: 0 }, bytes, '.ndjson')
    lake.put(fragmentKey(lake.prefix, name), bytes)
    return { id, name, rows: entries.length }
  }
  const stock = async (sql: string) => {
    const connection = await stockDuckDB()
    const view = readFileSync(join(import.meta.dirname, '../../templates/analytics.ndjson.sql'), 'utf8')
    await connection.run(view.replace("'./lake/analytics'", `'${`${lake.root}/analytics`.replaceAll("'", "''")}'`))
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  }
  const put = (name: string, text: string) => lake.put(`${lake.prefix}/_state/${name}`, text)

  it('is read as typed rows, and only those of marked sources', async () => {
    put('lake.json', '{"granularity":"day","schemaVersion":1,"extension":".ndjson"}')
    expect((await run((write) => runReport(options, {}, write))).text).toMatch(/^No requests here yet/)
    expect(await stock('SELECT count(*)::INT AS n FROM analytics')).toEqual([{ n: 0 }])

    const first = entry('2026-01-01T10:00:00.123Z', { responseSize: 2 ** 40, dimensions: { a: 'ü"\n' }, traceId: '' })
    lake.mark('a', [await fragment('a', [first, entry('2026-01-01T10:00:01Z', { statusCode: 500 })])])
    await fragment('b', [entry('2026-01-01T10:00:02Z')])

    const sql =
      'SELECT timestamp::VARCHAR AS t, statusCode, responseSize::DOUBLE AS size, traceId, dimensions FROM analytics ORDER BY t'
    const rows = [
      { t: '2026-01-01 10:00:00.123', statusCode: 200, size: 2 ** 40, traceId: '', dimensions: '{"a":"ü\\"\\n"}' },
      { t: '2026-01-01 10:00:01', statusCode: 500, size: null, traceId: null, dimensions: null },
    ]
    expect(await withLake(options, (of) => of.rows(sql))).toEqual(rows)
    expect(await stock(sql)).toEqual(rows)
  })

  it('is reported and verified like any other', async () => {
    expect((await run((write) => runReport(options, { json: true }, write))).json().overview[0]).toMatchObject({
      requests: 2,
      '5xx_pct': 50,
    })
    const verify = await run((write) => runVerify(options, { json: true }, write))
    expect(verify.json()).toMatchObject({ isBalanced: true, ledger: { sources: 1, rows: 2, in_lake: 2 } })
  })

  it('names a fragment that is gone, counts the others, and fails', async () => {
    const gone = await fragment('c', [entry('2026-01-01T10:00:03Z')])
    lake.mark('c', [gone])
    lake.remove([gone])
    const { code, json } = await run((write) => runVerify(options, { json: true }, write))
    expect(code).toBe(1)
    expect(json().errors).toEqual([{ where: fragmentKey(lake.prefix, gone.name), message: expect.any(String) }])
    expect(json().ledger).toMatchObject({ rows: 3, in_lake: 2 })
  })
})
