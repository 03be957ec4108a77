import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Hono, type MiddlewareHandler } from 'hono'
import { etag } from 'hono/etag'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AnalyticsLogConfig, analyticsLog } from '../../templates/src/policy/analytics.ts'
import type { AnalyticsEntry } from '../../templates/src/types.ts'
import { eventually, serve, wire } from './serve.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(closers.splice(0).map((close) => close()))
})

const tick = () => new Promise((resolve) => setTimeout(resolve, 2))

/** The same app with and without the policy: every kind of answer that a gateway gives. */
function appWith(config: AnalyticsLogConfig | null): Hono {
  const app = new Hono()
  // Hono treats a lone handler in its own way, so the app without the policy has a middleware, too.
  const nothing: MiddlewareHandler = async (_c, next) => {
    await next()
  }
  app.use(config ? analyticsLog(config).handler : nothing)
  app.get('/text', (c) => c.text('grüße'))
  app.get('/json', (c) => c.json({ a: [1, 2, 3] }))
  app.get('/length', (c) => c.body('12345', 200, { 'content-length': '5' }))
  app.get('/weird', (c) => c.body('x', 200, { 'x-size': '0x10', 'x-latin': 'caf\xe9' }))
  app.get('/cookies', (c) => {
    c.header('set-cookie', 'a=1', { append: true })
    c.header('set-cookie', 'b=2', { append: true })
    return c.html('<p>two</p>')
  })
  app.get('/empty', (c) => c.body(null))
  app.get('/gone', (c) => c.body(null, 204))
  app.get('/same', (c) => c.body(null, 304))
  app.get('/moved', (c) => c.redirect('/text'))
  app.get('/gzip', (c) => c.body(gzipSync('x'.repeat(5000)) as never, 200, { 'content-encoding': 'gzip' }))
  app.use('/etag', etag())
  app.get('/etag', (c) => c.text('tagged'))
  app.get('/fetched', () => Response.json({ from: 'elsewhere' }, { status: 203 }))
  app.get('/stream', (c) => {
    let left = 5
    const pull = async (controller: ReadableStreamDefaultController) => {
      await tick()
      left-- > 0 ? controller.enqueue(new Uint8Array(1000).fill(65 + left)) : controller.close()
    }
    return c.body(new ReadableStream({ pull }))
  })
  app.get('/throws', () => {
    throw new Error('broken')
  })
  app.get('/throws-text', () => {
    throw 'a string'
  })
  app.get('/forgets', (() => {}) as never)
  app.onError((error, c) => c.text(`caught ${error.message}`, 502))
  return app
}

const PATHS = [
  ...['/text', '/json', '/length', '/weird', '/cookies', '/empty', '/gone', '/same', '/moved', '/gzip', '/etag'],
  ...['/fetched', '/stream', '/throws', '/throws-text', '/forgets', '/nowhere'],
]

async function everyAnswer(config: AnalyticsLogConfig | null): Promise<Record<string, string>> {
  const { port, close } = await serve(appWith(config))
  closers.push(close)
  const asked = PATHS.flatMap((path) => ['GET', 'HEAD', 'POST'].map((method) => [method, path] as const))
  const answers = await Promise.all(asked.map(([method, path]) => wire(port, method, path)))
  const garbage = 'If-None-Match: "nothing"\r\ntraceparent: \xffgarbage\r\n'
  answers.push(await wire(port, 'GET', '/etag', garbage))
  return Object.fromEntries(answers.map((answer, i) => [asked[i]?.join(' ') ?? 'garbage', answer]))
}

function throws(): never {
  throw new Error('analytics is broken')
}

describe('the response', () => {
  let without: Record<string, string> | undefined
  const broken: Record<string, AnalyticsLogConfig> = {
    'a sound policy': { sink: () => {} },
    'a sink that throws': { sink: throws },
    'a sink that rejects': { sink: async () => throws() },
    'a sink that never settles': { sink: () => new Promise(() => {}) },
    'an extractor that throws': { sink: () => {}, extractDimensions: throws },
    'an extractor that returns rubbish': { sink: () => {}, extractDimensions: () => 7 as never },
    'labels that JSON cannot hold': { sink: () => {}, extractDimensions: () => ({ big: 1n }) as never },
    'a skip that throws': { sink: () => {}, skip: throws },
    'a skip that rejects': { sink: () => {}, skip: async () => throws() },
    'a skip that skips': { sink: () => {}, skip: async () => true },
  }
  for (const [name, config] of Object.entries(broken))
    it(`is the same, byte for byte, with ${name}`, async () => {
      vi.spyOn(console, 'error').mockImplementation(() => {})
      without ??= await everyAnswer(null)
      expect(await everyAnswer(config)).toEqual(without)
      expect(await everyAnswer({ ...config, responseSize: 'count' })).toEqual(without)
      expect(without['GET /text']).toContain('200 OK')
    })

  it('is not delayed: the first byte of a counted stream comes while the rest is still to be made', async () => {
    const app = new Hono()
    let finish = () => {}
    app.use(analyticsLog({ sink: () => {}, responseSize: 'count' }).handler)
    app.get('/', (c) =>
      c.body(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('first'))
            finish = () => controller.close()
          },
        }),
      ),
    )
    const reader = (await app.request('/')).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
    finish()
    expect((await reader?.read())?.done).toBe(true)
  })
})

describe('the line', () => {
  it('comes for every answer, with the status the client saw and the bytes it got', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const entries: AnalyticsEntry[] = []
    const { port, close } = await serve(appWith({ sink: (entry) => entries.push(entry), responseSize: 'count' }))
    closers.push(close)
    for (const path of PATHS) {
      const answer = await wire(port, 'GET', path)
      const status = Number(answer.slice(9, 12))
      const [entry] = entries.splice(0)
      // Only after the policy does Hono find that a handler forgot to answer; another handler then picks a status.
      expect([path, entry?.statusCode]).toEqual([path, path === '/forgets' ? 500 : status])
      const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
      const bytes = /transfer-encoding: chunked/i.test(answer) ? unchunked(body) : body.length
      if (!path.startsWith('/throws-') && path !== '/forgets')
        expect([path, entry?.responseSize]).toEqual([path, bytes])
      expect(entries).toEqual([])
    }
  })

  it('comes for a client that goes away in the middle of a body, and the source is told', async () => {
    const entries: AnalyticsEntry[] = []
    let cancelled = false
    const app = new Hono()
    app.use(analyticsLog({ sink: (entry) => entries.push(entry), responseSize: 'count' }).handler)
    app.get('/endless', (c) =>
      c.body(
        new ReadableStream({
          async pull(controller) {
            await tick()
            controller.enqueue(new Uint8Array(1000))
          },
          cancel() {
            cancelled = true
          },
        }),
      ),
    )
    const { port, close } = await serve(app)
    closers.push(close)
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /endless HTTP/1.1\r\nHost: test\r\n\r\n')
    await once(socket, 'data')
    expect(entries).toEqual([])
    socket.destroy()
    await eventually(() => entries.length === 1 && cancelled, 'the line of an aborted request')
    expect(entries[0]).toMatchObject({ routePath: '/endless', statusCode: 200 })
    expect(entries[0]?.responseSize).toBeGreaterThanOrEqual(1000)
  })

  it('comes for a body whose source fails half way', async () => {
    const entries: AnalyticsEntry[] = []
    const app = new Hono()
    app.use(analyticsLog({ sink: (entry) => entries.push(entry), responseSize: 'count' }).handler)
    let chunks = 0
    const pull = (controller: ReadableStreamDefaultController) =>
      chunks++ < 3 ? controller.enqueue(new Uint8Array(10)) : controller.error(new Error('upstream died'))
    app.get('/', (c) => c.body(new ReadableStream({ pull })))
    await expect((await app.request('/')).arrayBuffer()).rejects.toThrow('upstream died')
    await eventually(() => entries.length === 1, 'the line')
    expect(entries[0]?.responseSize).toBe(30)
  })

  it('keeps a Workers invocation alive until a counted body has passed and an async sink is done', async () => {
    const waiting: Promise<unknown>[] = []
    const executionCtx = { waitUntil: (p: Promise<unknown>) => waiting.push(p), passThroughOnException() {}, props: {} }
    let stored = 0
    const sink = async () => {
      await tick()
      stored++
    }
    const app = appWith({ sink, responseSize: 'count' })
    const response = await app.request('/text', {}, {}, executionCtx as never)
    expect(waiting).toHaveLength(1)
    await response.text()
    await waiting[0]
    expect(waiting).toHaveLength(2)
    await Promise.all(waiting)
    expect(stored).toBe(1)
  })
})

/** Bytes that a chunked body carries. */
function unchunked(body: string): number {
  let total = 0
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.slice(at, end), 16)
    if (!size) return total
    total += size
    at = end + 2 + size + 2
  }
}
