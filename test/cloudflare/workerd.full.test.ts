import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entry } from '../../templates/test/fakes.ts'
import { HOME } from '../support/project.ts'
import { traceIds, verify } from './lake.ts'
import { bundleWorker, type Modules, runWorker } from './worker.ts'

/** The newest runtime that is known to work; the one that comes with wrangler for Node 20 is half a year older. */
const NEWEST = '1.20261117.1'

/** Installed when it is needed: npm brings the binary in a package for the platform. */
function newestWorkerd(): string {
  const name = `@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`
  const home = join(HOME, 'workerd')
  const binary = join(home, 'node_modules', name, 'bin/workerd')
  mkdirSync(home, { recursive: true })
  if (!existsSync(binary))
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', home, `${name}@${NEWEST}`])
  return binary
}

afterAll(() => {
  delete process.env.MINIFLARE_WORKERD_PATH
})

describe.each(['duckdb-wasm', 'columnar'])('the Worker as emitted, with %s', (parquet) => {
  let modules: Modules
  beforeAll(async () => {
    const unchanged = "export { default } from './src/worker/scheduled.ts'\n"
    modules = await bundleWorker(`cloudflare-${parquet}`, unchanged, '--parquet', parquet)
  }, 120_000)

  it.each(['that comes with wrangler', NEWEST])(
    'ingests and compacts in workerd %s',
    async (version) => {
      if (version === NEWEST) process.env.MINIFLARE_WORKERD_PATH = newestWorkerd()
      else delete process.env.MINIFLARE_WORKERD_PATH
      const miniflare = runWorker(modules, { bindings: { ANALYTICS_TOKEN: 'a secret' } })
      try {
        const ids = Array.from({ length: 30_000 }, (_, n) => String(n).padStart(32, '0'))
        const events = ids.map((traceId, n) => {
          const timestamp = new Date(Date.UTC(2026, 2, 1) + n * 6000).toISOString()
          const message = JSON.stringify(entry({ timestamp, traceId, durationMs: n / 4 }))
          return JSON.stringify({
            ScriptName: 'shop',
            EventType: 'fetch',
            Logs: [{ Level: 'log', Message: [message] }],
          })
        })
        const own = JSON.stringify({
          ScriptName: `cloudflare-${parquet}`,
          Logs: [{ Message: [JSON.stringify(entry())] }],
        })
        const bucket = await miniflare.getR2Bucket('LOGS', 'main')
        const half = Math.floor(events.length / 2)
        const members = [events.slice(0, half), [...events.slice(half), own]].map((part) =>
          gzipSync(`${part.join('\n')}\n`),
        )
        await bucket.put('logs/20260301/a.log.gz', new Uint8Array(Buffer.concat(members)))
        await bucket.put('logs/20260301/ownership-challenge-1a2b.txt', 'a challenge')
        const worker = await miniflare.getWorker('main')
        for (const cron of ['*/5 * * * *', '7 * * * *'])
          expect((await worker.scheduled({ cron })).outcome, cron).toBe('ok')
        expect((await worker.scheduled({ cron: '1 1 1 1 1' })).outcome).toBe('exception')
        expect(await traceIds(miniflare)).toEqual(ids)
        expect(await verify(miniflare)).toMatchObject({ isBalanced: true, imbalances: [] })
        const headers = { authorization: 'Bearer a secret' }
        const health = await miniflare.dispatchFetch('http://x/', { headers })
        expect(health.status).toBe(200)
        expect(await health.json()).toMatchObject({ ingest: { rows: ids.length, foreign: 2, errors: [] } })
        const replay = await miniflare.dispatchFetch('http://x/replay?from=2026-03-01&to=2026-03-02', {
          ...{ method: 'POST', headers },
        })
        expect(await replay.json()).toMatchObject({ replayed: 1, errors: [] })
        expect(await traceIds(miniflare)).toEqual(ids)
      } finally {
        await miniflare.dispose()
      }
    },
    240_000,
  )

  it('fails the invocation, and says which binding is missing', async () => {
    delete process.env.MINIFLARE_WORKERD_PATH
    const miniflare = runWorker(modules, { r2Buckets: { LAKE: 'lake' } })
    try {
      const worker = await miniflare.getWorker('main')
      expect((await worker.scheduled({ cron: '*/5 * * * *' })).outcome).toBe('exception')
    } finally {
      await miniflare.dispose()
    }
  })
})
