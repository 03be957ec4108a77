import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runQuery } from '../../templates/query/query.ts'
import { runReport } from '../../templates/query/report.ts'
import { runVerify } from '../../templates/query/verify.ts'
import { fragmentKey, seenKey } from '../../templates/src/lake/layout.ts'
import { type LakeWriter, lakeWriter, makeFolder, optionsOf, pipes, run, stockDuckDB, type Written } from './support.ts'

const folders: { remove(): void }[] = []
afterAll(() => {
  for (const folder of folders) folder.remove()
})
function newLake(): LakeWriter {
  const folder = makeFolder()
  folders.push(folder)
  return lakeWriter(folder.path)
}

let lake: LakeWriter
beforeAll(async () => {
  lake = newLake()
  await lake.found()
  const a = await lake.ingested('a', [
    { hour: '2026010110', rows: 100 },
    { hour: '2026010123', rows: 20 },
  ])
  await lake.compact(a)
  await lake.ingested('b', [{ hour: '2026010200', rows: 30 }], {
    lines: 36,
    foreign: 1,
    rejected: { json: 3, field: 2 },
  })
  // A note beside the marks that is none.
  lake.put(seenKey(lake.prefix, 'logs', 'b', 'etag'), '')
})

const report = (flags: Parameters<typeof runReport>[1], of = lake) =>
  run((write) => runReport(optionsOf(of), flags, write))
const verify = (of = lake) => run((write) => runVerify(optionsOf(of), { json: true }, write))
async function query(rest: string[], { json = true, stdin = '', isTTY = false, of = lake } = {}) {
  const terminal = pipes(stdin, isTTY)
  const code = await runQuery(optionsOf(of), { json, rest }, terminal)
  return { code, text: terminal.printed() }
}

describe('report', () => {
  it('counts what is in the lake, raw under --json', async () => {
    const { code, json } = await report({ json: true })
    const { overview, timeline, routes, failing, slowest, errors } = json()
    expect(code).toBe(0)
    expect(errors).toEqual([])
    expect(overview[0]).toMatchObject({ requests: 150, '4xx_pct': 20, '5xx_pct': 20, rejected: 5 })
    expect(overview[0].sent_bytes).toBe((4950 + 190 + 435) * 100)
    expect(timeline.reduce((sum: number, { requests }: { requests: number }) => sum + requests, 0)).toBe(150)
    expect(timeline[0]).toEqual({ from: '2026-01-01 10:00', requests: 100, '5xx_pct': 20, p95_ms: expect.any(Number) })
    expect(routes).toHaveLength(6)
    expect(failing.every(({ status }: { status: number }) => status === 500)).toBe(true)
    expect(slowest).toHaveLength(5)
  })

  it('tells rejected lines by their reason, most first, and a log to look into', async () => {
    const { rejected } = (await report({ json: true })).json()
    expect(rejected).toMatchObject([
      { reason: 'json', lines: 3, logs: 1 },
      { reason: 'field', lines: 2, logs: 1 },
    ])
    expect(rejected[0]['for example']).toEqual(expect.any(String))
  })

  it('keeps to --from, --to and --route', async () => {
    const count = async (flags: object) => (await report({ ...flags, json: true })).json().overview[0].requests
    expect(await count({ from: '2026-01-01T23:00:00Z' })).toBe(50)
    expect(await count({ to: '2026-01-02' })).toBe(120)
    expect(await count({ from: '2026-01-01T23:00:00Z', to: '2026-01-02' })).toBe(20)
    expect(await count({ route: '/users/:id' })).toBe(50)
    expect(await count({ route: "/o'*" })).toBe(49)
    expect(await count({ route: "'; DROP VIEW analytics; --" })).toBe(0)
    expect(await count({ from: '1h' })).toBe(0)
  })

  it('refuses a time that is none', async () => {
    await expect(report({ from: 'yesterday' })).rejects.toThrow('yesterday')
  })

  it('fits into 80 columns, with every number aligned', async () => {
    const { text } = await report({})
    expect(text).toMatch(/^Overview\n/)
    expect(text).toContain('2026-01-01 10:00')
    const wide = text.split('\n').filter((line) => [...line].length > 80)
    expect(wide).toEqual([])
  })

  it.each(['a founded lake', 'no lake at all'])(
    'says kindly that there is nothing yet, and succeeds (%s)',
    async (what) => {
      const empty = newLake()
      if (what === 'a founded lake') await empty.found()
      const { code, text } = await report({}, empty)
      expect(code).toBe(0)
      expect(text).toMatch(/^No requests here yet/)
      expect((await report({ json: true }, empty)).json().overview[0].requests).toBe(0)
      expect((await verify(empty)).code).toBe(0)
      const { text: books } = await run((write) => runVerify(optionsOf(empty), {}, write))
      expect(books).toContain('Nothing has been ingested here yet.')
      expect(books).not.toContain('Balanced')
    },
  )

  it.each([{ route: '/nowhere' }, { from: '1h' }, { to: '2020-01-01' }])(
    'blames the filter, not the lake, where nothing passes %j',
    async (flags) => {
      expect((await report(flags)).text).toMatch(/^No requests there: widen --from, --to or --route/)
    },
  )
})

describe('numbers in the report', () => {
  it.each([
    ['ms(0.04)', '0.0 ms'],
    ['ms(9.96)', '10 ms'],
    ['ms(1530)', '1.5 s'],
    ['ms(150000)', '2.5 min'],
    ['bytes(0)', '0 B'],
    ['bytes(34200000)', '34 MB'],
    ['bytes(2::HUGEINT ** 50)', '1,126 TB'],
    ['percent(0, 10)', '0 %'],
    ['percent(1, 10000)', '<0.1 %'],
    ['percent(10, 10)', '100 %'],
    ['percent(0, 0)', null],
    ["ago(now() AT TIME ZONE 'UTC' - INTERVAL 30 SECOND)", '30 s ago'],
    ["ago(now() AT TIME ZONE 'UTC' - INTERVAL 3 DAY)", '3.0 d ago'],
  ])('shows %s as %s', async (sql, shown) => {
    const macros = readFileSync(join(import.meta.dirname, '../../templates/sql/numbers/shown.sql'), 'utf8')
    const connection = await stockDuckDB()
    await connection.run(macros)
    expect((await connection.runAndReadAll(`SELECT ${sql}`)).getRowsJson()).toEqual([[shown]])
  })
})

describe('query', () => {
  it('gives whole numbers as JSON numbers, and digits where a number would lose some', async () => {
    const sql = 'SELECT count(*) AS n, sum(responseSize) AS s, 9007199254740993 AS big, 1.5 AS d FROM analytics'
    expect(JSON.parse((await query([sql])).text)).toEqual([{ n: 150, s: 557500, big: '9007199254740993', d: 1.5 }])
  })

  it('has timestamps in UTC, whatever the zone of the machine', async () => {
    const sql = 'SELECT min(timestamp) AS t, right(now()::VARCHAR, 3) AS zone FROM analytics'
    expect(JSON.parse((await query([sql])).text)).toEqual([{ t: '2026-01-01 10:00:00', zone: '+00' }])
  })

  it('runs every statement of what is piped in', async () => {
    const { code, text } = await query([], {
      stdin: "CREATE TABLE x AS SELECT ';' AS a;\nFROM x; SELECT 2 AS b",
      json: false,
    })
    expect(code).toBe(0)
    expect(text).toBe('a\n;\nb\n2\n')
  })

  it('asks for SQL where there is none', async () => {
    await expect(query([], { stdin: ' \n' })).rejects.toThrow('query wants SQL')
  })

  it('goes on at the prompt after an error', async () => {
    const { text } = await query([], {
      stdin: 'SELECT nothing\n;\nSELECT count(*)\nAS n FROM analytics;\n',
      isTTY: true,
      json: false,
    })
    expect(text).toContain('Referenced column "nothing"')
    expect(text).toContain('150')
  })

  it('shows the first 500 rows of a long table, and all of them as JSON', async () => {
    const { text } = await query(['FROM range(3000)'], { json: false })
    expect(text.split('\n')).toHaveLength(503)
    expect(text).toContain('--json gives all')
    expect(JSON.parse((await query(['FROM range(3000)'])).text)).toHaveLength(3000)
  })

  it('tells how to find the file where DuckDB fails on a damaged one', async () => {
    const damaged = newLake()
    await damaged.found()
    const [fragment] = (await damaged.ingested('a', [{ hour: '2026010110', rows: 50_000 }])) as [Written]
    const key = fragmentKey(damaged.prefix, fragment.name)
    damaged.put(key, damage(readFileSync(damaged.pathOf(key))))
    await expect(query(['SELECT max(traceId) FROM analytics'], { of: damaged })).rejects.toThrow('verify names it')
  })
})

/** Overwrites the pages and leaves the footer. */
const damage = (file: Uint8Array) => file.map((byte, i) => (i > 100 && i < file.length - 4000 ? byte ^ 0xff : byte))

describe('verify', () => {
  it('finds the books balanced', async () => {
    const { code, json } = await verify()
    expect(json()).toEqual({
      isBalanced: true,
      ledger: {
        sources: 2,
        lines: 156,
        extra: 0,
        entries: 150,
        foreign: 1,
        rejected: 5,
        dropped: 0,
        rows: 150,
        replayed: 0,
        removed: 0,
        in_lake: 150,
      },
      imbalances: [],
      errors: [],
    })
    expect(code).toBe(0)
  })

  it('finds lost rows, doubled rows and lines that went nowhere, and says where', async () => {
    const bad = newLake()
    await bad.found()
    const a = await bad.ingested('a', [
      { hour: '2026010110', rows: 4 },
      { hour: '2026010111', rows: 3 },
    ])
    bad.remove(a.slice(0, 1))
    const b = await bad.ingested('b', [{ hour: '2026010300', rows: 5 }])
    await bad.compact(b, { names: {} })
    await bad.ingested('c', [{ hour: '2026010400', rows: 1 }], { lines: 2, dropped: 1 })
    const { code, json } = await verify(bad)
    expect(code).toBe(1)
    expect(json().ledger).toMatchObject({ rows: 13, in_lake: 14 })
    expect(json().imbalances).toEqual([
      { where: 'hour 2026010110', rule: 'rows by the marks and replays = rows in the lake', expected: 4, found: 0 },
      { where: 'hour 2026010300', rule: 'rows by the marks and replays = rows in the lake', expected: 5, found: 10 },
      { where: 'logs/c', rule: 'entries = rows + dropped', expected: 1, found: 2 },
      { where: 'logs/c', rule: 'lines + extra = entries + foreign + rejected', expected: 2, found: 1 },
    ])
  })

  it('reads the marks of a store far away several at once, never more than 16, and comes to the same', async () => {
    const many = newLake()
    await many.found()
    for (let i = 0; i < 50; i++) many.mark(`log${i}`, [], { lines: i, foreign: i })
    let [reading, most] = [0, 0]
    const { storage, ...options } = optionsOf(many)
    const far: typeof storage = {
      ...storage,
      async get(key, ...range) {
        most = Math.max(most, ++reading)
        await setTimeout(2)
        return storage.get(key, ...range).finally(() => reading--)
      },
    }
    const { code, json } = await run((write) => runVerify({ storage: far, ...options }, { json: true }, write))
    expect([code, json()]).toEqual([0, (await verify(many)).json()])
    expect(json().ledger).toMatchObject({ sources: 50, lines: 1225, foreign: 1225 })
    expect(most).toBe(16)
  })

  it('takes into account what a replay dropped or added', async () => {
    const replayed = newLake()
    await replayed.found()
    const [hour, before, after] = ['2026010110', 4, 3]
    const ingested = await replayed.ingested('a', [{ hour, rows: before }])
    const rebuilt = await replayed.fragments('a', [{ hour, rows: after }])
    await replayed.compact(rebuilt, {
      names: { [(ingested[0] as Written).name]: 1 },
      adjusted: { [hour]: after - before },
    })
    replayed.remove([...ingested, ...rebuilt])
    const { code, json } = await verify(replayed)
    expect(json()).toMatchObject({ isBalanced: true, ledger: { rows: 4, replayed: -1, in_lake: 3 }, imbalances: [] })
    expect(code).toBe(0)
  })

  it('names a damaged file, counts the others, and fails', async () => {
    const damaged = newLake()
    await damaged.found()
    const [fragment] = (await damaged.ingested('a', [{ hour: '2026010110', rows: 50_000 }])) as [Written]
    await damaged.ingested('b', [{ hour: '2026010110', rows: 5 }])
    const key = fragmentKey(damaged.prefix, fragment.name)
    damaged.put(key, damage(readFileSync(damaged.pathOf(key))))
    const { code, json } = await verify(damaged)
    expect(code).toBe(1)
    expect(json().errors).toEqual([{ where: key, message: expect.any(String) }])
    expect(json().ledger).toMatchObject({ rows: 50_005, in_lake: 5 })
  })
})
