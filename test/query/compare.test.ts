import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCompare } from '../../templates/query/compare.ts'
import { type LakeWriter, lakeWriter, makeFolder, optionsOf, run } from './support.ts'

const folder = makeFolder()
afterAll(() => folder.remove())

/** Requests of one route, one a second from the hour's start: every `failing`th fails, every `slow`th takes a second. */
function traffic(hour: string, rows: number, { route = '/a', failing = 0, slow = 20, version = '' } = {}) {
  const every = (n: number, then: string, otherwise: string) =>
    n ? `if(i % ${n} = 0, ${then}, ${otherwise})` : otherwise
  const label = version ? `'{"version":"${version}"}'` : 'NULL'
  return {
    hour,
    rows,
    select: `strptime('${hour}', '%Y%m%d%H') + to_milliseconds(i * 1000) AS timestamp, 'gate' AS gatewayName,
      '${route}' AS routePath, 'GET' AS method, ${every(failing, '500', '200')}::INTEGER AS statusCode,
      ${every(slow, '1000', '20 + i % 7')}::DOUBLE AS durationMs, (1000 + i % 10)::BIGINT AS responseSize,
      '${route}/' || i AS traceId, ${label} AS dimensions`,
  }
}

let lake: LakeWriter
beforeAll(async () => {
  lake = lakeWriter(folder.path)
  await lake.found()
  // On the 2nd: /a fails, /b is slow, /c is gone, /d is new, /e only wobbles.
  await lake.ingested('first', [
    traffic('2026010110', 1000),
    traffic('2026010111', 400, { route: '/b', slow: 100 }),
    traffic('2026010112', 300, { route: '/c' }),
    traffic('2026010114', 1000, { route: '/e', failing: 100 }),
  ])
  await lake.ingested('second', [
    traffic('2026010210', 1000, { failing: 10 }),
    traffic('2026010211', 400, { route: '/b', slow: 5 }),
    traffic('2026010213', 200, { route: '/d' }),
    traffic('2026010214', 1040, { route: '/e', failing: 90 }),
  ])
})

const compare = (flags: Partial<Parameters<typeof runCompare>[1]> = {}, of = lake) =>
  run((write) =>
    runCompare(optionsOf(of), { from: '2026-01-02', to: '2026-01-03', compare: 'before', json: true, ...flags }, write),
  )
const isOf = (wanted: string, what: string) => (mover: { route: string; what: string }) =>
  mover.route === `GET ${wanted}` && mover.what === what

describe('report --compare', () => {
  it('tells what changed by route, what got worse first, and keeps quiet about noise', async () => {
    const { code, json } = await compare()
    const { movers, worse, overview } = json()
    expect(code).toBe(0)
    expect(movers.map(({ route, what, verdict }: Record<string, string>) => [route, what, verdict])).toEqual([
      ['GET /a', '5xx', 'worse'],
      ['GET /b', 'p95', 'worse'],
      ['GET /c', 'requests', ''],
      ['GET /d', 'requests', ''],
    ])
    expect(worse).toBe(2)
    expect(movers.find(isOf('/a', '5xx'))).toMatchObject({ before: 0, now: 10, change: null, requests: 100 })
    expect(movers.find(isOf('/c', 'requests'))).toMatchObject({ before: 300, now: 0, change: 0 })
    expect(overview.find(({ what }: { what: string }) => what === 'requests')).toMatchObject({
      before: 2700,
      now: 2640,
    })
  })

  it('fits into 80 columns and says of which times it speaks', async () => {
    const { text } = await compare({ json: false })
    expect(text).toMatch(/2026-01-01 00:00 +2026-01-02 00:00 +2026-01-03 00:00/)
    expect(text).toMatch(/GET \/a +5xx +0 % +10 % +\+10\.0 points/)
    expect(text).toMatch(/GET \/c +requests +300 +0 +gone/)
    const tables = text.split('\n').filter((line) => !line.startsWith('Changed by'))
    expect(tables.filter((line) => [...line].length > 80)).toEqual([])
  })

  it('compares with yesterday, an age earlier and a time; without --to it ends where the newest request is', async () => {
    const flags = { from: '2026-01-02T10:00Z', to: undefined }
    for (const word of ['yesterday', '1d', '24h', '2026-01-01T10:00Z']) {
      const { windows } = (await compare({ ...flags, compare: word })).json()
      expect(windows).toEqual([
        {
          gateway: 'all',
          version: null,
          before: '2026-01-01 10:00',
          now: '2026-01-02 10:00',
          until: '2026-01-02 14:17',
        },
      ])
    }
  })

  it('refuses windows that overlap, whose requests would count on both sides, and a window without time in it', async () => {
    const long = { from: '2026-01-01', to: '2026-01-03' }
    for (const word of ['yesterday', '1d', '2025-12-31T12:00Z', '2026-01-02', '2026-02-01'])
      await expect(compare({ ...long, compare: word })).rejects.toThrow(/the windows overlap/)
    for (const word of ['2d', 'last-week', 'before', '2025-12-30'])
      expect((await compare({ ...long, compare: word })).code).toBe(0)
    const reversed = { from: '2026-01-03', to: '2026-01-01', compare: 'before' }
    await expect(compare(reversed)).rejects.toThrow(/--to 2026-01-01 is not after --from 2026-01-03/)
  })

  it('exits with 4 under --check when errors or latencies got worse, and with 1 when there is nothing to compare', async () => {
    expect((await compare({ check: true })).code).toBe(4)
    expect((await compare({ check: true, route: '/e' })).code).toBe(0)
    expect((await compare({ check: true, from: '2025-01-01', to: '2025-01-02' })).code).toBe(1)
    expect((await compare({ from: '2025-01-01', to: '2025-01-02' })).code).toBe(0)
  })

  it('refuses a word that means nothing', async () => {
    await expect(compare({ compare: 'tomorrow' })).rejects.toThrow('tomorrow')
  })
})

/** Requests as chance has them, a hundred routes of very different traffic: nothing of it differs but the dice. */
function dice(hour: string, rows: number) {
  const random = (salt: string) => `((hash(i, '${salt}${hour}') % 1000003) / 1000003)`
  return {
    hour,
    rows,
    select: `strptime('${hour}', '%Y%m%d%H') + to_milliseconds(i * 20) AS timestamp, 'gate' AS gatewayName,
      '/r' || floor(100 * ${random('r')} ** 2) AS routePath, 'GET' AS method,
      CASE WHEN ${random('s')} < 0.02 THEN 500 WHEN ${random('s')} < 0.1 THEN 404 ELSE 200 END::INTEGER AS statusCode,
      exp(3 - 2 * ln(1e-6 + ${random('d')}))::DOUBLE AS durationMs, (1000 / (0.01 + ${random('b')}))::BIGINT AS responseSize,
      'x' AS traceId, NULL AS dimensions`,
  }
}

describe('the threshold of report --compare', () => {
  it('lets next to nothing through that is chance alone', async () => {
    const still = lakeWriter(`${folder.path}/still`)
    await still.found()
    await still.ingested('x', [dice('2026010110', 100_000), dice('2026010210', 100_000)])
    const { movers } = (await compare({ compare: 'yesterday' }, still)).json()
    expect(movers.length).toBeLessThanOrEqual(2) // of 500 measures: 100 routes, 5 of each
  })
})

describe('report --compare deploy', () => {
  it('holds the newest version of a gateway against as long a time before it, whatever overlaps', async () => {
    const deployed = lakeWriter(`${folder.path}/deployed`)
    await deployed.found()
    await deployed.ingested('x', [
      traffic('2026010109', 600, { version: 'v1' }),
      traffic('2026010110', 3600, { version: 'v1' }),
      traffic('2026010111', 3600, { version: 'v2', failing: 4 }),
      traffic('2026010111', 25, { version: 'v1' }),
    ])
    const { json } = await compare({ compare: 'deploy', from: '2025-12-20', to: '2026-01-01T12:00Z' }, deployed)
    expect(json().windows).toEqual([
      {
        gateway: 'gate',
        version: 'v2',
        before: '2026-01-01 10:00',
        now: '2026-01-01 11:00',
        until: '2026-01-01 12:00',
      },
    ])
    expect(json().movers[0]).toMatchObject({ what: '5xx', before: 0, now: 25, verdict: 'worse' })
    expect(json().worse).toBe(1)
  })

  it('says what to do where no version is known', async () => {
    const { text, code } = await compare({ compare: 'deploy', json: false })
    expect(text).toContain('analyticsLog({ dimensions: { version } })')
    expect(code).toBe(0)
  })
})
