import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Context } from 'hono'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type * as Stoma from '../../node_modules/@homegrower-club/stoma/dist/index.js'
import { type AnalyticsLogConfig, analyticsLog } from '../../templates/src/policy/analytics.ts'
import type { AnalyticsEntry } from '../../templates/src/types.ts'

// As published, the gateway's package cannot be imported: its `exports` name sources that it does not ship.
let stoma: typeof Stoma
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoma-'))
  const outfile = join(folder, 'stoma.mjs')
  const entry = fileURLToPath(new URL('../../node_modules/@homegrower-club/stoma/dist/index.js', import.meta.url))
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
  stoma = await import(pathToFileURL(outfile).href)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function gatewayWith(config: AnalyticsLogConfig = {}) {
  const entries: AnalyticsEntry[] = []
  // The annotation is a promise of its own: structurally, this is a policy of the gateway.
  const policy: Stoma.Policy = analyticsLog({ sink: (entry) => entries.push(entry), ...config })
  const handled = (handler: (c: Context) => Response | Promise<Response>, policies: Stoma.Policy[] = []) => ({
    policies,
    upstream: { type: 'handler' as const, handler },
  })
  const denies: Stoma.Policy = {
    name: 'denies',
    priority: 10,
    handler: async () => {
      throw new stoma.GatewayError(403, 'forbidden', 'not you')
    },
  }
  const { app } = stoma.createGateway({
    name: 'edge',
    basePath: '/api',
    policies: [policy],
    routes: [
      { path: '/users/:id', pipeline: handled((c) => c.json({ id: c.req.param('id') })) },
      { path: '/denied/*', pipeline: handled((c) => c.text('never'), [denies]) },
      {
        path: '/broken',
        pipeline: handled(() => {
          throw new Error('upstream')
        }),
      },
    ],
  })
  return { app, entries }
}

describe('inside the real Stoma gateway', () => {
  it('names gateway, route and trace as the gateway does', async () => {
    const { app, entries } = gatewayWith()
    const response = await app.request('/api/users/7?q=1')
    expect(response.status).toBe(200)
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({ gatewayName: 'edge', routePath: '/users/:id', method: 'GET', statusCode: 200 })
    // The very id that the gateway tells its client, and its request log.
    expect(response.headers.get('traceparent')).toContain(`-${entries[0]?.traceId}-`)
  })

  it('goes on with the trace of the caller', async () => {
    const { app, entries } = gatewayWith()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await app.request('/api/users/7', { headers: { traceparent } })
    expect(entries[0]?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })

  it('comes before every other policy, so it sees what they refuse', async () => {
    const { app, entries } = gatewayWith()
    const response = await app.request('/api/denied/x')
    expect(response.status).toBe(403)
    expect(entries[0]).toMatchObject({ routePath: '/denied/*', statusCode: 403 })
  })

  it('records an upstream that throws with the status the gateway answers', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { app, entries } = gatewayWith()
    const response = await app.request('/api/broken')
    expect(entries[0]).toMatchObject({ routePath: '/broken', statusCode: response.status })
    expect(response.status).toBe(500)
    vi.restoreAllMocks()
  })

  it('honours skip, and counts bodies without changing them', async () => {
    const { app, entries } = gatewayWith({ skip: (c) => c.req.path.endsWith('/8'), responseSize: 'count' })
    await (await app.request('/api/users/8')).text()
    const body = await (await app.request('/api/users/7')).text()
    expect(body).toBe('{"id":"7"}')
    expect(entries.map(({ responseSize }) => responseSize)).toEqual([body.length])
  })
})
