import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, optionsOf } from '../query/support.ts'
import { closeBrowser, noBrowser, openWindow, serveDashboard, settled, tilesOf } from './browser.ts'
import { monthOfTraffic } from './lakes.ts'

const ROWS = 10_000_000
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

afterAll(closeBrowser)

describe.skipIf(noBrowser)('the dashboard over ten million rows', () => {
  it('reads a small part of the lake for its first picture, and no traceId for any', async () => {
    const folder = makeFolder()
    const lake = await monthOfTraffic(folder.path, ROWS, new Date())
    const files = readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.parquet'),
    )
    const size = files.reduce((sum, path) => sum + statSync(join(folder.path, path)).size, 0)
    const served = await serveDashboard(optionsOf(lake))

    for (const [span, share] of [
      ['24h', 0.05],
      ['7d', 0.2],
      ['all', 0.7],
    ] as const) {
      const page = await openWindow()
      const [start, bytes, ranges] = [performance.now(), served.bytes, served.ranges]
      await page.goto(`${served.url}?last=${span}`)
      await page.locator('#overview div').first().waitFor({ timeout: 300_000 })
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      await settled(page)
      const read = served.bytes - bytes
      console.log(
        `${span}: ${(await tilesOf(page)).Requests} requests, first picture after ${seconds} s, ` +
          `${megabytes(read)} of ${megabytes(size)} in ${served.ranges - ranges} ranges`,
      )
      expect(read).toBeLessThan(size * share)
      await page.close()
    }
    served.close()
    folder.remove()
  })
})
