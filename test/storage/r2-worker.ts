import type { R2Bucket } from '@cloudflare/workers-types'
import { r2Storage } from '../../templates/src/storage/r2.ts'
import type { Bytes } from '../../templates/src/types.ts'

/** From which call to any bucket on all are refused, and whether the first of those still takes effect. */
let lost = { calls: 0, from: Infinity, how: 'before', refused: false }

/** Runs in workerd: the calls of a store, by HTTP, on the bucket that the first part of the path names. */
export default {
  async fetch(request: Request, env: Record<string, R2Bucket>): Promise<Response> {
    const url = new URL(request.url)
    const [, bucket = '', call] = url.pathname.split('/')
    const args = JSON.parse(url.searchParams.get('args') ?? '[]')
    const storage = r2Storage(spoiled(env[bucket] as R2Bucket, Number(url.searchParams.get('page') ?? 1000)))
    try {
      if (call === 'lose') {
        const { refused } = lost
        lost = { calls: 0, from: args[0] ?? Infinity, how: args[1], refused: false }
        return Response.json(refused)
      }
      if (call === 'list') {
        const found = []
        for await (const info of storage.list(args[0], args[1])) found.push(info)
        return Response.json(found)
      }
      if (call === 'head') return Response.json(await storage.head(args[0]))
      if (call === 'delete') return Response.json((await storage.delete(args[0])) ?? null)
      if (call === 'get') {
        const found = await storage.get(args[0], args[1])
        const headers = { info: encodeURIComponent(JSON.stringify(found?.info ?? null)) }
        return new Response(found ? (found.body as unknown as ReadableStream) : null, { headers })
      }
      const isStream = request.headers.get('stream') === 'yes'
      const body = isStream ? (request.body as unknown as Bytes) : new Uint8Array(await request.arrayBuffer())
      return Response.json(await storage.put(args[0], body, args[1]))
    } catch (error) {
      return new Response((error as Error).message, { status: 500 })
    }
  },
}

/** A bucket that lists at most so many objects a page, and that may be lost. */
const spoiled = (bucket: R2Bucket, limit: number): R2Bucket =>
  new Proxy(bucket, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        const number = ++lost.calls
        const refuse = () => {
          lost.refused = true
          throw new Error('the bucket is lost')
        }
        if (number > lost.from || (number === lost.from && lost.how === 'before')) refuse()
        const result = await value.apply(target, name === 'list' ? [{ ...(args[0] as object), limit }] : args)
        return number === lost.from ? refuse() : result
      }
    },
  })
