import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../src/storage/memory.ts'
import { createDashboard } from './handler.ts'

const TOKEN = 'a token of many characters'
const KEY = 'analytics/2026/01/02/compacted.parquet'

async function dashboard(token?: string) {
  const storage = memoryStorage()
  for (const key of [KEY, 'analytics/_state/lake.json', 'other/2026/01/02/compacted.parquet', 'secret.parquet'])
    await storage.put(key, Buffer.from('0123456789'), 'absent')
  const lake = { storage, prefix: 'analytics', granularity: 'day', readMetadata: async () => ({}) } as const
  const handler = createDashboard({ lake, token, asset: async (path) => (path === '/' ? new Response('page') : null) })
  const etag = (await storage.head(KEY))?.etag ?? ''
  const ask = (path: string, init: RequestInit = {}, origin = 'http://localhost:8788') =>
    handler(new Request(`${origin}${path}`, init))
  const range = (path: string, bytes: string, headers = {}) => ask(path, { headers: { range: bytes, ...headers } })
  return { ask, range, etag, storage }
}

describe('the dashboard', () => {
  it('serves just the range that was asked for', async () => {
    const { range, etag } = await dashboard()
    const response = await range(`/lake/2026/01/02/compacted.parquet?etag=${etag}`, 'bytes=2-4')
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe('bytes 2-4/10')
    expect(await response.text()).toBe('234')
    expect(await (await range(`/lake/2026/01/02/compacted.parquet?etag=${etag}`, 'bytes=8-99')).text()).toBe('89')
    expect((await range(`/lake/2026/01/02/compacted.parquet?etag=${etag}`, 'bytes=10-')).status).toBe(416)
  })

  it('serves no other version of a file than the one that was asked for, and no file without a range', async () => {
    const { ask, range, etag, storage } = await dashboard()
    const path = `/lake/2026/01/02/compacted.parquet?etag=${etag}`
    expect((await ask(path)).status).toBe(416)
    expect((await range('/lake/2026/01/02/compacted.parquet', 'bytes=0-1')).status).toBe(412)
    await storage.put(KEY, Buffer.from('9876543210'), { ifMatch: etag })
    expect((await range(path, 'bytes=0-1')).status).toBe(412)
    await storage.delete([KEY])
    expect((await range(path, 'bytes=0-1')).status).toBe(412)
  })

  it.each([
    '/lake/',
    '/lake/_state/lake.json',
    '/lake/../../secret.parquet',
    '/lake/2026/01/../../../../secret.parquet',
    '/lake/..%2f..%2fsecret.parquet',
    '/lake/2026/01/02/..%2f..%2f..%2f..%2fsecret.parquet',
    '/lake/2026/01/02/',
    '/secret.parquet',
    '/other/2026/01/02/compacted.parquet',
  ])('has nothing at %s', async (path) => {
    const { range, etag } = await dashboard()
    expect((await range(`${path}?etag=${etag}`, 'bytes=0-1')).status).toBe(404)
  })

  it('answers only this machine while it has no token', async () => {
    const { ask } = await dashboard()
    for (const origin of ['http://localhost:8788', 'http://127.0.0.1', 'http://[::1]:8788'])
      expect((await ask('/', {}, origin)).status, origin).toBe(200)
    for (const origin of ['http://evil.example', 'http://localhost.evil.example', 'https://my-analytics.workers.dev'])
      expect((await ask('/', {}, origin)).status, origin).toBe(403)
  })

  it('lets nobody in without the token, and a browser that gave it everywhere', async () => {
    const { ask, range, etag } = await dashboard(TOKEN)
    const path = `/lake/2026/01/02/compacted.parquet?etag=${etag}`
    const signIn = (token: string) => ask('/', { method: 'POST', body: new URLSearchParams({ token }) })
    expect((await ask('/')).status).toBe(401)
    expect((await range(path, 'bytes=0-1')).status).toBe(401)
    expect((await ask('/api/files?from=0&to=1')).status).toBe(401)
    const wrong = await signIn(`${TOKEN}!`)
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null])

    const cookie = (await signIn(TOKEN)).headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax/)
    expect(cookie).not.toContain(TOKEN)
    const headers = { cookie: cookie.split(';')[0] as string }
    expect(await (await ask('/', { headers })).text()).toBe('page')
    expect((await range(path, 'bytes=0-1', headers)).status).toBe(206)
    expect((await range(path, 'bytes=0-1', { cookie: 'dashboard=' })).status).toBe(401)
  })

  it('refuses a token that could be guessed', () => {
    expect(() => createDashboard({ token: 'short' } as never)).toThrow(/DASHBOARD_TOKEN: 16 characters/)
  })

  it('lets no other site put it into a frame or read from it', async () => {
    const { ask } = await dashboard()
    const { headers } = await ask('/')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})
