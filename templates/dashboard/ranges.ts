import type { Bytes, StorageReader } from '../src/types.ts'

/**
 * A range of one version of an object. 412 once the object is another one or gone: whoever reads a file in pieces must
 * never put pieces of two together.
 */
export async function rangeOf(storage: StorageReader, key: string, etag: string, request: Request): Promise<Response> {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '')
  if (!range) return new Response('A range of bytes is wanted.', { status: 416 })
  const info = await storage.head(key)
  if (info?.etag !== etag) return changed()
  const offset = Number(range[1])
  const end = Math.min(info.size, range[2] ? Number(range[2]) + 1 : info.size)
  if (offset >= end) return new Response(null, { status: 416, headers: { 'content-range': `bytes */${info.size}` } })
  const headers = {
    'accept-ranges': 'bytes',
    'content-type': 'application/vnd.apache.parquet',
    'content-length': String(end - offset),
    'content-range': `bytes ${offset}-${end - 1}/${info.size}`,
    // The etag is a part of the address: these bytes never change.
    'cache-control': 'private, max-age=31536000, immutable',
  }
  if (request.method === 'HEAD') return new Response(null, { status: 206, headers })
  const found = await storage.get(key, { offset, length: end - offset, ifMatch: etag })
  return found ? new Response(streamOf(found.body), { status: 206, headers }) : changed()
}

const changed = () => new Response('This version of the file is gone.', { status: 412 })

/** Pulled as the client reads, and given up with it. */
function streamOf(body: Bytes): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}
