import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { config } from '../../templates/analytics.config.ts'
import { makeTraffic } from '../../templates/example/traffic.ts'
import { type Row, withLake } from '../../templates/query/duckdb.ts'
import { fileSink } from '../../templates/src/policy/sinks.ts'
import { type Settings, wire } from '../../templates/src/wiring.ts'
import { lakeWriter, makeFolder, optionsOf } from '../query/support.ts'
import {
  closeBrowser,
  noBrowser,
  openWindow,
  rowsOf,
  type Served,
  serveDashboard,
  settled,
  tilesOf,
} from './browser.ts'

/** How the page shows numbers: plain JavaScript, so it has no types. */
const shown = await import(join(import.meta.dirname, '../../templates/dashboard/page/format.js'))

afterAll(closeBrowser)

describe.skipIf(noBrowser)('the dashboard in a browser', { timeout: 120_000 }, () => {
  const folder = makeFolder()
  const settings = {
    ...config,
    source: join(folder.path, 'logs'),
    lake: join(folder.path, 'lake'),
    settle: 0,
    workers: 1,
  } as Settings
  const { lake, jobs } = wire(settings)
  let page: Page
  let served: Served
  let errors: string[]

  beforeAll(async () => {
    const sink = fileSink({ dir: settings.source })
    await makeTraffic(sink, 2000, 48)
    await sink.close()
    await jobs.ingest(() => {})
    await jobs.compact(() => {})
    served = await serveDashboard(lake)
    page = await openWindow()
    errors = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`${served.url}?last=all`)
    await settled(page)
  }, 120_000)
  afterAll(async () => {
    served?.close()
    folder.remove()
    expect(errors).toEqual([])
  })

  const open = async (query: string) => {
    await page.goto(`${served.url}${query}`)
    await settled(page)
  }
  const native = (sql: string): Promise<Row[]> => withLake(lake, ({ rows }) => rows(sql))
  const SUMS = `count(*) AS requests, count(*) FILTER (statusCode BETWEEN 400 AND 499) AS refused,
    count(*) FILTER (statusCode >= 500) AS failed, quantile_cont(durationMs, 0.5) AS p50,
    quantile_cont(durationMs, 0.95) AS p95, quantile_cont(durationMs, 0.99) AS p99, sum(responseSize) AS sent`
  /** Native DuckDB's numbers as the page would show them. */
  const cells = ({ requests, refused, failed, p50, p95, p99, sent }: Row) => [
    shown.count(requests),
    shown.percent(refused, requests),
    shown.percent(failed, requests),
    ...[p50, p95, p99].map(shown.duration),
    shown.bytes(sent),
  ]
  const expectAll = async (where: string) =>
    expect(Object.values(await tilesOf(page))).toEqual(
      cells((await native(`SELECT ${SUMS} FROM analytics WHERE ${where}`))[0] as Row),
    )

  it('shows what native DuckDB counts, in all and by route', async () => {
    await expectAll('true')
    const routes = await native(
      `SELECT method || ' ' || routePath AS route, ${SUMS} FROM analytics GROUP BY 1 ORDER BY requests DESC, route`,
    )
    expect(await rowsOf(page, 'items')).toEqual(routes.map((row) => [row.route, ...cells(row), 'requests']))
    expect(await page.locator('#freshness').textContent()).toMatch(/^Newest request .* (s|min) ago/)
    expect(await page.locator('#rejected').textContent()).toMatch(/none/)
  })

  it('computes the very numbers of native DuckDB, over time too', async () => {
    const ours = await page.evaluate<Row[]>(`(async () => {
      const { withLake } = await import('/lake.js')
      const { summarize } = await import('/queries.js')
      const span = { from: 0, to: Date.now() + 86_400_000 }
      const { slots } = await withLake(span, (ask) => summarize(ask, span, 'route', 3_600_000))
      return slots.map(({ p, kind, route, ...row }) => row).sort((a, b) => a.slot - b.slot)
    })()`)
    const theirs = await native(
      `SELECT epoch_ms(time_bucket(INTERVAL 1 HOUR, timestamp)) AS slot, ${SUMS} FROM analytics GROUP BY 1 ORDER BY 1`,
    )
    expect(ours.length).toBeGreaterThan(40)
    expect(ours).toEqual(theirs)
  })

  it.each(['status', 'method', 'gatewayName', 'label.plan'])('shows the same by %s', async (by) => {
    await page.locator('#by').selectOption(by)
    await settled(page)
    const sql = by === 'status' ? 'statusCode::VARCHAR' : by === 'label.plan' ? "dimensions->>'plan'" : by
    const items = await native(`SELECT ${sql} AS item, ${SUMS} FROM analytics GROUP BY 1 ORDER BY requests DESC, item`)
    expect(await rowsOf(page, 'items')).toEqual(items.map((row) => [row.item, ...cells(row), 'requests']))
  })

  it('filters by keyboard and by mouse; filters combine, and live in the address', async () => {
    await open('?last=all')
    await page.getByRole('combobox', { name: 'Route', exact: true }).focus()
    await page.keyboard.type('/products*')
    await page.keyboard.press('Enter')
    await settled(page)
    await expectAll("routePath GLOB '/products*'")
    await page.getByRole('combobox', { name: 'Status', exact: true }).fill('4xx')
    await page.keyboard.press('Tab')
    await settled(page)
    const both = "routePath GLOB '/products*' AND statusCode BETWEEN 400 AND 499"
    await expectAll(both)
    await page.locator('#by').selectOption('label.plan')
    await settled(page)
    await page.getByRole('button', { name: 'Only pro', exact: true }).click()
    await settled(page)
    await expectAll(`${both} AND (dimensions->>'plan') = 'pro'`)

    const address = page.url()
    expect(new URL(address).searchParams.get('status')).toBe('4xx')
    await page.goto('about:blank')
    await page.goto(address)
    await settled(page)
    await expectAll(`${both} AND (dimensions->>'plan') = 'pro'`)
    await page.getByRole('button', { name: /^plan: pro/ }).click()
    await settled(page)
    await expectAll(both)
    await page.goBack()
    await settled(page)
    await expectAll(`${both} AND (dimensions->>'plan') = 'pro'`)
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await settled(page)
    await expectAll('true')
  })

  it('keeps to a span of time, in UTC', async () => {
    const hours = (n: number) => new Date(Math.floor(Date.now() / 3_600_000 - n) * 3_600_000).toISOString().slice(0, 16)
    await open(`?from=${hours(30)}&to=${hours(5)}`)
    await expectAll(`timestamp >= '${hours(30)}' AND timestamp < '${hours(5)}'`)
    await page.getByLabel('To (UTC)').fill(hours(10))
    await page.keyboard.press('Tab')
    await settled(page)
    await expectAll(`timestamp >= '${hours(30)}' AND timestamp < '${hours(10)}'`)
  })

  const traces = async () => (await rowsOf(page, 'requests-rows')).map((row) => row.at(-1)).sort()
  const dialog = () => page.locator('#requests-rows table').waitFor()

  it('leads from a row to the traceIds behind it', async () => {
    await open('?last=all')
    await page.getByRole('button', { name: /^Failed requests of POST \/orders/ }).click()
    await dialog()
    const failed = await native(
      "SELECT traceId AS id FROM analytics WHERE routePath = '/orders' AND statusCode >= 500 ORDER BY 1",
    )
    expect(await traces()).toEqual(failed.map(({ id }) => id))
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Slowest requests of GET \/products$/ }).click()
    await dialog()
    const slowest = await native(
      "SELECT traceId AS id FROM analytics WHERE routePath = '/products' ORDER BY durationMs DESC, timestamp DESC LIMIT 100",
    )
    expect(await traces()).toEqual(slowest.map(({ id }) => id).sort())
    await page.getByRole('button', { name: 'Close' }).click()
    expect(await page.locator('dialog').isVisible()).toBe(false)
  })

  it('leads from a point of a chart to the traceIds behind it, by keyboard alone', async () => {
    await open('?last=all')
    await page.getByRole('group', { name: /^Requests over time/ }).focus()
    await page.keyboard.press('ArrowLeft')
    const last = (await page.locator('#spoken').textContent()) ?? ''
    await page.keyboard.press('ArrowLeft')
    const told = (await page.locator('#spoken').textContent()) ?? ''
    expect(told).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d: requests \d+/)
    await page.keyboard.press('Enter')
    await dialog()
    const slot = `timestamp >= '${told.slice(0, 16)}' AND timestamp < '${last.slice(0, 16)}'`
    const found = await native(`SELECT traceId AS id FROM analytics WHERE ${slot} ORDER BY timestamp DESC LIMIT 100`)
    expect(found.length).toBeGreaterThan(0)
    expect(await traces()).toEqual(found.map(({ id }) => id).sort())
    await page.keyboard.press('Escape')
  })

  it('leads from a click into a chart to requests, and zooms where it is dragged over', async () => {
    await open('?last=all')
    const chart = page.locator('.u-over').first()
    const box = (await chart.boundingBox()) as { x: number; y: number; width: number; height: number }
    await page.mouse.click(box.x + box.width * 0.9, box.y + 50)
    await dialog()
    expect((await traces()).length).toBeGreaterThan(0)
    await page.keyboard.press('Escape')
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, box.y + 50, { steps: 5 })
    await page.mouse.up()
    await settled(page)
    expect(await page.locator('dialog').isVisible()).toBe(false)
    const { searchParams } = new URL(page.url())
    await expectAll(`timestamp >= '${searchParams.get('from')}' AND timestamp < '${searchParams.get('to')}'`)
  })

  it('shows the same when the files it reads are compacted away under it', async () => {
    const before = await native('SELECT count(*) AS n FROM analytics')
    let compacted = 0
    served.beforeRange = async () => {
      if (compacted++ === 0) await wire({ ...settings, before: '0s' }).jobs.compact(() => {})
    }
    const other = await openWindow()
    await other.goto(`${served.url}?last=all`)
    await settled(other)
    served.beforeRange = () => {}
    expect(compacted).toBeGreaterThan(1)
    expect((await tilesOf(other)).Requests).toBe(shown.count(before[0]?.n))
    expect(await other.locator('#problem').textContent()).toBe('')
    await other.close()
  })

  it('says what went wrong when files change at every look, and shows no number for it', async () => {
    const other = await openWindow()
    await other.route(/\/lake\//, (route) => route.fulfill({ status: 412 }))
    await other.goto(`${served.url}?last=all`)
    await settled(other)
    expect(await other.locator('#problem').textContent()).not.toBe('')
    expect(await tilesOf(other)).toEqual({})
    await other.unroute(/\/lake\//)
    await other.getByRole('button', { name: 'Refresh' }).click()
    await other.getByText('2,000', { exact: true }).first().waitFor()
    await settled(other)
    expect(await other.locator('#problem').textContent()).toBe('')
    await other.goto(`${served.url}?last=all&nothing=1`)
    await settled(other)
    expect(await other.locator('#problem').textContent()).toContain('"nothing"')
    expect(await other.locator('main').isVisible()).toBe(false)
    await other.close()
  })

  it('asks for a token where there is one, and takes no other', async () => {
    const closed = await serveDashboard(lake, 'the right token of all')
    const other = await openWindow()
    await other.goto(closed.url)
    await other.getByLabel('Token').fill('a token that is wrong')
    await other.keyboard.press('Enter')
    await other.getByText('This is not the token.').waitFor()
    await other.getByLabel('Token').fill('the right token of all')
    await other.getByRole('button').click()
    await other.goto(`${closed.url}?last=all`)
    await settled(other)
    expect((await tilesOf(other)).Requests).toBe('2,000')
    await other.close()
    closed.close()
  })

  it('fits on a phone', async () => {
    const other = await openWindow({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
    await other.goto(`${served.url}?last=all`)
    await settled(other)
    expect(await other.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await other.close()
  })
})

describe.skipIf(noBrowser)('the dashboard over a lake made by hand', { timeout: 120_000 }, () => {
  const folders: { remove(): void }[] = []
  const served: Served[] = []
  afterAll(async () => {
    for (const one of served) one.close()
    for (const folder of folders) folder.remove()
  })
  async function newLake() {
    const folder = makeFolder()
    folders.push(folder)
    const lake = lakeWriter(folder.path)
    const one = await serveDashboard(optionsOf(lake))
    served.push(one)
    const page = await openWindow()
    return { lake, page, url: one.url }
  }

  it.each(['a founded lake', 'no lake at all'])('says kindly that there is nothing yet (%s)', async (what) => {
    const { lake, page, url } = await newLake()
    if (what === 'a founded lake') await lake.found()
    await page.goto(url)
    await page.getByText('The lake is empty: make some requests, then let ingest run.').waitFor()
    expect(await page.locator('#problem').textContent()).toBe('')
  })

  it('shows the way to old requests, what was rejected, and files that cannot be read', async () => {
    const { lake, page, url } = await newLake()
    await lake.found()
    await lake.ingested('b', [{ hour: '2026010200', rows: 30 }], { lines: 35, rejected: { json: 3, field: 2 } })
    await page.goto(url)
    await page.getByRole('button', { name: 'Show the newest day' }).click()
    await page.locator('#overview div').first().waitFor()
    await settled(page)
    expect(await tilesOf(page)).toMatchObject({ Requests: '30' })
    expect(await page.locator('#rejected').textContent()).toContain('3 × json, 2 × field; for example from b.')
    lake.put('analytics/2026/01/02/compacted.parquet', 'no Parquet at all')
    await page.reload()
    await settled(page)
    expect(await page.locator('#problem').textContent()).toContain('analytics/2026/01/02/compacted.parquet')
    rmSync(lake.pathOf('analytics/2026/01/02/compacted.parquet'))
  })

  it('takes no route, method, label or trace for HTML', async () => {
    const { lake, page, url } = await newLake()
    await lake.found()
    const html = '<img src=x onerror="globalThis.pwned=1">'
    const label = JSON.stringify({ '<b>"key\\</b>': html }).replaceAll("'", "''")
    const select = `TIMESTAMP '2026-01-02 00:00:01' AS timestamp, '${html}' AS gatewayName, '/${html}' AS routePath, 'GET${html}' AS method,
      500 AS statusCode, 1.5 AS durationMs, 10::BIGINT AS responseSize, '${html}' AS traceId, '${label}' AS dimensions`
    await lake.ingested('x', [{ hour: '2026010200', rows: 3, select }])
    await page.goto(`${url}?from=2026-01-02T00:00&to=2026-01-02T01:00&by=${encodeURIComponent('label.<b>"key\\</b>')}`)
    await settled(page)
    expect((await rowsOf(page, 'items')).map(([item, requests]) => [item, requests])).toEqual([[html, '3']])
    await page.getByRole('button', { name: `Only ${html}` }).click()
    await settled(page)
    expect(await tilesOf(page)).toMatchObject({ Requests: '3' })
    await page.getByRole('button', { name: /^Failed requests of/ }).click()
    await page.locator('#requests-rows table').waitFor()
    expect((await rowsOf(page, 'requests-rows'))[0]?.[1]).toBe(`GET${html} /${html}`)
    expect(await page.evaluate("[document.querySelectorAll('img').length, 'pwned' in globalThis]")).toEqual([0, false])
  })
})
