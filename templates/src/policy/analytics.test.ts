import { type Context, Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { AnalyticsEntry } from '../types.ts'
import { type AnalyticsLogConfig, analyticsLog } from './analytics.ts'

/** An app behind the policy, and the entries it left. */
function appWith(config: AnalyticsLogConfig = {}) {
  const entries: AnalyticsEntry[] = []
  const lines: string[] = []
  const sink: AnalyticsLogConfig['sink'] = (entry, line) => {
    entries.push(entry)
    lines.push(line)
  }
  const app = new Hono()
  app.use(analyticsLog({ sink, ...config }).handler)
  app.get('/users/:id', (c) => c.text('a user'))
  app.get('/file', (c) => c.body('12345', 200, { 'content-length': '5' }))
  app.get('/csv', (c) => c.body('a,b,c\n', 200, { 'content-type': 'text/csv' }))
  app.get('/gone', (c) => c.body(null, 204))
  app.get('/fails', () => {
    throw new Error('no')
  })
  app.use('/private/*', async (c, next) => (c.req.header('authorization') ? next() : c.text('who?', 401)))
  app.get('/private/:page', (c) => c.text('hush'))
  app.onError((_error, c) => c.text('sorry', 503))
  return { app, entries, lines }
}

/** Runs without the noise that a failing policy prints, and returns it. */
async function printedBy(task: () => Promise<unknown>): Promise<string[]> {
  const { error } = console
  const printed: string[] = []
  console.error = (...args: unknown[]) => printed.push(args.join(' '))
  try {
    await task()
  } finally {
    console.error = error
  }
  return printed
}

describe('analyticsLog', () => {
  it('emits one line for each request, its keys in a fixed order', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const { app, lines } = appWith({ gatewayName: 'shop', dimensions: { region: 'eu' }, now: () => 1_700_000_000_123 })
    await app.request('/users/7?secret=1', { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } })
    expect(lines).toEqual([
      '{"_type":"stoma_analytics","timestamp":"2023-11-14T22:13:20.123Z","gatewayName":"shop","routePath":"/users/:id",' +
        `"method":"GET","statusCode":200,"durationMs":0,"responseSize":null,"traceId":"${trace}",` +
        '"dimensions":{"region":"eu"}}',
    ])
  })

  it('takes the start of the request for its time, and the time until the response for its duration', async () => {
    let clock = 1000
    const { app, entries } = appWith({ now: () => clock })
    app.get('/slow', (c) => {
      clock += 250
      return c.text('at last')
    })
    await app.request('/slow')
    expect(entries[0]).toMatchObject({ timestamp: '1970-01-01T00:00:01.000Z', durationMs: 250 })
  })

  it('names the route by its pattern, also where a middleware answered or nothing matched', async () => {
    const { app, entries } = appWith()
    for (const path of ['/users/7', '/private/x', '/nowhere']) await app.request(path)
    expect(entries.map(({ routePath, statusCode }) => [routePath, statusCode])).toEqual([
      ['/users/:id', 200],
      ['/private/:page', 401],
      ['/*', 404],
    ])
  })

  it('records the status that an error handler made of an error', async () => {
    const { app, entries } = appWith()
    expect((await app.request('/fails')).status).toBe(503)
    expect(entries[0]).toMatchObject({ routePath: '/fails', statusCode: 503 })
  })

  it('passes an error on untouched and records the 500 it will become', async () => {
    const { app, entries } = appWith()
    app.get('/throws', () => {
      throw 'not even an error' // Hono makes responses of Error objects only
    })
    await expect(app.request('/throws')).rejects.toBe('not even an error')
    expect(entries[0]).toMatchObject({ statusCode: 500, responseSize: null })
  })

  it('knows the size from Content-Length and from answers that have no body, else not', async () => {
    const { app, entries } = appWith()
    await app.request('/file')
    await app.request('/file', { method: 'HEAD' })
    await app.request('/gone')
    await app.request('/users/7')
    expect(entries.map(({ responseSize }) => responseSize)).toEqual([5, 0, 0, null])
  })

  it('counts a body as it passes when asked to, and leaves the response as it was', async () => {
    const { app, entries } = appWith({ responseSize: 'count' })
    const response = await app.request('/csv')
    expect(entries).toEqual([]) // nobody has read the body yet
    expect(await response.text()).toBe('a,b,c\n')
    expect(entries[0]?.responseSize).toBe(6)
    expect(response.headers.get('content-type')).toBe('text/csv')
  })

  it('counts what had passed when the client went away', async () => {
    const { app, entries } = appWith({ responseSize: 'count' })
    const endless = () => new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(10)) })
    app.get('/endless', (c) => c.body(endless(), 200, { 'content-type': 'text/plain' }))
    const reader = (await app.request('/endless')).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(entries[0]?.responseSize).toBeGreaterThanOrEqual(10)
  })

  it('reads the names that Stoma puts on the context', async () => {
    const { app, entries } = appWith()
    app.get('/stoma', (c: Context) => {
      c.set('gateway', { gatewayName: 'edge', routePath: '/stoma/*', traceId: 'abc' })
      return c.text('')
    })
    await app.request('/stoma')
    expect(entries[0]).toMatchObject({ gatewayName: 'edge', routePath: '/stoma/*', traceId: 'abc' })
  })

  it('keeps flat labels only, those of the request before the static ones', async () => {
    const labels = { plan: 'pro', seats: 3, trial: false, none: undefined, nested: { a: 1 }, nan: Number.NaN }
    const { app, entries } = appWith({
      dimensions: { region: 'eu', plan: 'free' },
      extractDimensions: () => labels as unknown as Record<string, string>,
    })
    await app.request('/users/7')
    expect(entries[0]?.dimensions).toEqual({ region: 'eu', plan: 'pro', seats: 3, trial: false })
  })

  it('leaves no line for what is skipped, and one for what a failing skip could not decide', async () => {
    const { app, entries } = appWith({
      skip: async (c) => {
        if (c.req.path === '/file') throw new Error('no idea')
        return c.req.path === '/gone'
      },
    })
    const printed = await printedBy(async () => {
      for (const path of ['/gone', '/file', '/users/7']) await app.request(path)
    })
    expect(entries.map(({ routePath }) => routePath)).toEqual(['/file', '/users/:id'])
    expect(printed.join()).toContain('skip failed')
  })

  it('never lets a failing sink or extractor reach the client, and says each failure once', async () => {
    const failing: AnalyticsLogConfig[] = [
      { sink: () => Promise.reject(new Error('later')) },
      {
        sink: () => {
          throw new Error('at once')
        },
        extractDimensions: () => {
          throw new Error('no labels')
        },
      },
    ]
    for (const config of failing) {
      const { app } = appWith(config)
      const printed = await printedBy(async () => {
        expect(await (await app.request('/users/7')).text()).toBe('a user')
        expect(await (await app.request('/users/8')).text()).toBe('a user')
      })
      expect(printed).toHaveLength(Object.keys(config).length)
    }
  })
})
