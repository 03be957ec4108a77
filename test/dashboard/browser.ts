import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { localAssets } from '../../templates/dashboard/assets.ts'
import { createDashboard } from '../../templates/dashboard/handler.ts'
import type { Lake } from '../../templates/dashboard/lake.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why the tests in a browser cannot run here; undefined where they can. On CI that is an error. */
export const noBrowser = existsSync(CHROMIUM)
  ? undefined
  : `no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM to the one you have`
if (noBrowser && process.env.CI) throw new Error(noBrowser)
if (noBrowser) console.warn(`skipped: ${noBrowser}`)

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
const QUIET = ['--disable-background-networking', '--disable-component-update']

let browser: Promise<Browser> | undefined
/** A window far from UTC that shares nothing with the others, not even what is cached. */
export async function openWindow(options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] })
  const usual = { timezoneId: 'America/New_York', viewport: { width: 1280, height: 900 } }
  return (await (await browser).newContext({ ...usual, ...options })).newPage()
}
export const closeBrowser = async () => (await browser)?.close()

export interface Served {
  url: string
  /** Ranges of files that were asked for, and the bytes that went out for them. */
  ranges: number
  bytes: number
  /** Called before each range is read. */
  beforeRange: () => unknown
  close(): void
}

/** The dashboard over a lake, as its command serves it. */
export async function serveDashboard(lake: Lake, token?: string): Promise<Served> {
  const handler = createDashboard({ lake, token, asset: localAssets() })
  const fetch = async (request: Request) => {
    const isRange = request.method === 'GET' && new URL(request.url).pathname.startsWith('/lake/')
    if (isRange) await served.beforeRange()
    const response = await handler(request)
    if (isRange) {
      served.ranges++
      served.bytes += Number(response.headers.get('content-length') ?? 0)
    }
    return response
  }
  const server = serve({ fetch, hostname: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const served: Served = {
    url: `http://localhost:${port}/`,
    ranges: 0,
    bytes: 0,
    beforeRange: () => {},
    close: () => server.close(),
  }
  return served
}

/** Waits until a look is over; what it could not do stands in the page. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main[aria-busy=false]').waitFor({ state: 'attached', timeout: 60_000 })
}

/** What people see: the tiles, and the rows of a table. The text of a script, for it runs over there. */
export const tilesOf = (page: Page): Promise<Record<string, string>> =>
  page.evaluate(`Object.fromEntries(
    [...document.querySelectorAll('#overview div')].map((tile) => [...tile.children].map((part) => part.textContent)))`)
export const rowsOf = (page: Page, table: string): Promise<string[][]> =>
  page.evaluate(`[...document.querySelectorAll('#${table} tbody tr')].map((row) =>
    [...row.children].map((cell) => cell.textContent))`)
