import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unstable_startWorker } from 'wrangler'
import { closeBrowser, noBrowser, openWindow, settled, tilesOf } from '../dashboard/browser.ts'
import { emit } from '../e2e/project.ts'

const TOKEN = 'a token of many characters'

describe.skipIf(noBrowser)('the dashboard of a Worker, in local workerd', () => {
  let worker: Awaited<ReturnType<typeof unstable_startWorker>>
  let dir: string
  const start = (vars: Record<string, string> = {}) =>
    unstable_startWorker({
      config: join(dir, 'dashboard/wrangler.jsonc'),
      bindings: Object.fromEntries(Object.entries(vars).map(([key, value]) => [key, { type: 'plain_text', value }])),
      dev: {
        persist: join(dir, '.demo/state'),
        watch: false,
        inspector: false,
        server: { port: 0 },
        logLevel: 'error',
      },
    })
  beforeAll(async () => {
    const project = await emit('cloudflare-dashboard', '--runtime', 'cloudflare', '--storage', 'r2')
    dir = project.dir
    const run = (file: string) => spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: dir, encoding: 'utf8' })
    for (const file of ['dashboard/vendor.ts', 'example/demo.ts']) expect(run(file)).toMatchObject({ status: 0 })
    worker = await start({ DASHBOARD_TOKEN: TOKEN })
  }, 180_000)
  afterAll(async () => {
    await worker?.dispose()
    await closeBrowser()
  })

  it('shows the traffic of the demo to whoever has the token', async () => {
    const url = String(await worker.url)
    const page = await openWindow()
    await page.goto(url)
    await page.getByLabel('Token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.locator('h1').waitFor()
    await page.goto(`${url}?last=all`)
    await settled(page)
    expect(await page.locator('#problem').textContent()).toBe('')
    expect((await tilesOf(page)).Requests).toBe('2,000')
  })

  it('has nothing for anybody else: no page, no part of it, no file, no list', async () => {
    const url = String(await worker.url)
    for (const path of ['', 'app.js', 'api/files?from=0&to=1', 'lake/2026/01/01/compacted.parquet'])
      expect((await fetch(url + path)).status, path).toBe(401)
  })
})
