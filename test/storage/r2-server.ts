import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import type { Bytes, CompactorStorage } from '../../templates/src/types.ts'
import { stream } from './contract.ts'
import type { Lost } from './every-call.ts'

/** The R2 adapter inside workerd, on bindings to real buckets, and called from here. */
export async function startR2({ buckets }: { buckets: number }) {
  const entry = fileURLToPath(new URL('r2-worker.ts', import.meta.url))
  const bundled = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'es2022', external: ['node:*'] },
  })
  const miniflare = new Miniflare({
    ...{ modules: true, script: bundled.outputFiles[0]?.text ?? '' },
    ...{ compatibilityDate: '2026-04-01', compatibilityFlags: ['nodejs_compat'] },
    r2Buckets: Array.from({ length: buckets }, (_, i) => `B${i}`),
  })
  const origin = await miniflare.ready
  let used = 0

  /** The adapter inside workerd, on a binding to an empty bucket. */
  function storageOf(bucket: string, page = 1000): CompactorStorage {
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

  return {
    /** On an empty bucket. */
    freshStorage: ({ page = 1000 } = {}) => storageOf(`B${used++}`, page),
    /** A bucket that can be lost, see every-call.ts. */
    losable() {
      const bucket = `B${used++}`
      const lose = async (...args: unknown[]): Promise<boolean> => {
        const url = new URL(`/${bucket}/lose`, origin)
        url.search = String(new URLSearchParams({ args: JSON.stringify(args) }))
        return (await fetch(url)).json() as Promise<boolean>
      }
      return { storage: () => storageOf(bucket), loseAt: (n: number, how: Lost) => lose(n, how), heal: () => lose() }
    },
    stop: () => miniflare.dispose(),
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
