import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Bytes, CompactorStorage } from '../../templates/src/types.ts'
import { bytes, keysOf, storageContract, stream } from './contract.ts'

let miniflare: Miniflare
let origin: URL
let buckets = 0

beforeAll(async () => {
  const entry = fileURLToPath(new URL('r2-worker.ts', import.meta.url))
  const bundled = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'es2022', external: ['node:*'] },
  })
  miniflare = new Miniflare({
    ...{ modules: true, script: bundled.outputFiles[0]?.text ?? '' },
    ...{ compatibilityDate: '2026-04-01', compatibilityFlags: ['nodejs_compat'] },
    r2Buckets: Array.from({ length: 40 }, (_, i) => `B${i}`),
  })
  origin = await miniflare.ready
})
afterAll(() => miniflare.dispose())

/** The adapter inside workerd, on a binding to an empty bucket. */
function freshStorage({ page = 1000 } = {}): CompactorStorage {
  const bucket = `B${buckets++}`
  async function ask(name: string, args: unknown[], init?: RequestInit): Promise<Response> {
    const url = new URL(`/${bucket}/${name}`, origin)
    url.search = String(new URLSearchParams({ args: JSON.stringify(args), page: String(page) }))
    const response = await fetch(url, init)
    if (!response.ok) throw new Error(await response.text())
    return response
  }
  // biome-ignore lint/suspicious/noExplicitAny: what the worker answers is what the adapter resolved to
  const call = async (...request: Parameters<typeof ask>): Promise<any> => (await ask(...request)).json()
  return {
    async *list(...args) {
      yield* await call('list', args)
    },
    head: (key) => call('head', [key]),
    async get(...args) {
      const response = await ask('get', args)
      const info = JSON.parse(decodeURIComponent(response.headers.get('info') ?? ''))
      return info && { info, body: response.body ?? stream(0) }
    },
    async put(key, body, condition) {
      if (body instanceof Uint8Array) return call('put', [key, condition], { method: 'PUT', body: Buffer.from(body) })
      const { sent, failure } = watched(body)
      const init = { method: 'PUT', body: ReadableStream.from(sent), duplex: 'half', headers: { stream: 'yes' } }
      return call('put', [key, condition], init as RequestInit).catch((error) => {
        throw failure() ?? error
      })
    },
    async delete(keys) {
      await call('delete', [keys])
    },
  }
}

/** What goes wrong in a body reaches the worker as a broken connection; here it is what it was. */
function watched(body: Bytes) {
  let failed: unknown
  const sent = (async function* () {
    try {
      yield* body
    } catch (error) {
      failed = error
      throw error
    }
  })()
  return { sent, failure: () => failed }
}

storageContract('r2', () => freshStorage())

describe('R2 storage', () => {
  it.each([1, 2, 3, 7, 1000])('lists everything in pages of %i', async (page) => {
    const storage = freshStorage({ page })
    const keys = Array.from({ length: 7 }, (_, i) => `p/${i}`)
    for (const key of keys) await storage.put(key, bytes('x'), 'absent')
    expect(await keysOf(storage, 'p/')).toEqual(keys)
    expect(await keysOf(storage, 'p/', 'p/2')).toEqual(keys.slice(3))
  })

  it('deletes more keys than R2 takes in one call', async () => {
    const storage = freshStorage()
    for (const key of ['p/first', 'p/last']) await storage.put(key, bytes('x'), 'absent')
    await storage.delete(['p/first', ...Array.from({ length: 999 }, (_, i) => `p/none-${i}`), 'p/last'])
    expect(await keysOf(storage, '')).toEqual([])
  })
})
