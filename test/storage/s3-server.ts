import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsV4Signer } from 'aws4fetch'
import { Miniflare } from 'miniflare'
import { s3Storage } from '../../templates/src/storage/s3.ts'
import type { Losable } from './every-call.ts'

const KEYS = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' }

/** How a request may go wrong on its way: refused, lost before or after it took effect, or answered by half. */
export type Fault =
  | { status: number; code: string }
  | 'lost before'
  | 'lost after'
  | 'cut short'
  | { changes: (answer: { status: number; body: Buffer }) => { status: number; body: Buffer } }
  | null

/**
 * R2's S3 endpoint as miniflare has it: real signatures, conditions on writes, lists, ranges. In front of it stands a
 * proxy that spoils requests on demand, and that adds what R2 and AWS have and miniflare lacks: a condition on the last
 * step of an upload in parts.
 */
export async function startS3({ buckets }: { buckets: number }) {
  const ids = Array.from({ length: buckets }, (_, i) => `b${i}`)
  const miniflare = new Miniflare({
    ...{ modules: true, script: 'export default {}' },
    r2Buckets: Object.fromEntries(ids.map((id) => [id.toUpperCase(), { id, s3Credentials: KEYS }])),
  })
  const origin = String(await miniflare.ready).replace(/\/$/, '')
  let used = 0
  const spoiling = {
    requests: [] as string[],
    fault: (_request: { method: string; url: string; call: number }): Fault => null,
    ignoresConditions: false,
  }

  const locks = new Map<string, Promise<unknown>>()
  function exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
    const next = (locks.get(key) ?? Promise.resolve()).then(work, work)
    locks.set(key, next)
    return next
  }

  async function forward(request: IncomingMessage, body: Buffer) {
    const { method = 'GET', url = '' } = request
    let headers = request.headers as Record<string, string>
    if (spoiling.ignoresConditions && method !== 'GET') {
      const { 'if-match': _match, 'if-none-match': _none, authorization: _signature, ...rest } = headers
      headers = rest
      const signer = new AwsV4Signer({ method, url: `${origin}${url}`, ...KEYS, service: 's3', region: 'auto' })
      headers = Object.fromEntries((await signer.sign()).headers)
    }
    const { connection: _c, 'content-length': _l, 'transfer-encoding': _t, ...sent } = headers
    return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
      const outgoing = send(`${origin}${url}`, { method, headers: { ...sent, 'content-length': body.length } })
      outgoing.on('error', reject)
      outgoing.on('response', async (answer) => {
        const chunks: Buffer[] = []
        for await (const chunk of answer) chunks.push(chunk)
        resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(chunks) })
      })
      outgoing.end(body)
    })
  }

  async function etagOf(url: string): Promise<string | null> {
    const signer = new AwsV4Signer({ method: 'HEAD', url: `${origin}${url}`, ...KEYS, service: 's3', region: 'auto' })
    const { headers } = await signer.sign()
    return (await fetch(`${origin}${url}`, { method: 'HEAD', headers })).headers.get('etag')
  }

  async function answer(request: IncomingMessage, body: Buffer) {
    const { method, url = '', headers } = request
    const path = url.split('?')[0] ?? ''
    const isCompletion = method === 'POST' && url.includes('uploadId=')
    if (method !== 'PUT' && !isCompletion) return forward(request, body)
    return exclusively(path, async () => {
      if (isCompletion && !spoiling.ignoresConditions) {
        const etag = await etagOf(path)
        const isMet = headers['if-none-match'] ? etag === null : etag === headers['if-match']
        const refused = '<Error><Code>PreconditionFailed</Code></Error>'
        if (!isMet) return { status: 412, headers: {}, body: Buffer.from(refused) }
      }
      return forward(request, body)
    })
  }

  const proxy = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url = '' } = request
    const call = spoiling.requests.push(`${method} ${url.replace('/cdn-cgi/local/r2/s3', '')}`)
    const fault = spoiling.fault({ method, url, call })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (fault === 'lost before') return response.destroy()
    if (fault && typeof fault === 'object' && 'status' in fault) {
      response.writeHead(fault.status)
      return response.end(`<Error><Code>${fault.code}</Code><Message>as the test wants it</Message></Error>`)
    }
    let { status, headers, body } = await answer(request, Buffer.concat(chunks))
    if (fault === 'lost after') return response.destroy()
    if (fault && typeof fault === 'object') ({ status, body } = fault.changes({ status, body }))
    const length = method === 'HEAD' ? headers['content-length'] : body.length
    const { 'transfer-encoding': _chunked, ...kept } = headers
    response.writeHead(status, { ...kept, 'content-length': length ?? 0 })
    if (fault !== 'cut short' || method === 'HEAD' || !body.length) return response.end(body)
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 5))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo

  return {
    spoiling,
    /** Options for an empty bucket; `direct` goes round the proxy. */
    freshBucket({ direct = false } = {}) {
      const place = direct ? origin : `http://127.0.0.1:${port}`
      return { bucket: `b${used++}`, region: 'auto', endpoint: `${place}/cdn-cgi/local/r2/s3`, ...KEYS }
    },
    /** A bucket that can be lost, see every-call.ts. */
    losable(): Losable {
      const options = this.freshBucket()
      let refused = false
      const refusal = { status: 403, body: Buffer.from('<Error><Code>AccessDenied</Code></Error>') }
      return {
        storage: () => s3Storage(options),
        loseAt(n, how) {
          const start = spoiling.requests.length
          spoiling.fault = ({ call }) => {
            if (call - start < n) return null
            refused = true
            const isLast = call - start === n && how === 'after'
            return isLast ? { changes: () => refusal } : { status: 403, code: 'AccessDenied' }
          }
        },
        heal() {
          const was = refused
          refused = false
          spoiling.fault = () => null
          return was
        },
      }
    },
    /** Nothing goes wrong any more. */
    heal() {
      Object.assign(spoiling, { requests: [], fault: () => null, ignoresConditions: false })
    },
    async stop() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
      await miniflare.dispose()
    },
  }
}
