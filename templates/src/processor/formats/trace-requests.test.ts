import { describe, expect, it } from 'vitest'
import { entry } from '../../../test/fakes.ts'
import { traceEvents } from './cloudflare.ts'

const RULES = { until: '', routes: ['/', '/products/:id', '/products/:id/reviews', '/assets/*', '/products/new'] }

/** An event of a request as Logpush writes it; `over` replaces what a test is about. */
const event = (over: object = {}) => ({
  Event: {
    RayID: '9f1',
    Request: { URL: 'https://shop.example/products/7?key=s', Method: 'GET' },
    Response: { Status: 404 },
  },
  EventTimestampMs: 1772600767890,
  EventType: 'fetch',
  Logs: [],
  Outcome: 'ok',
  ScriptName: 'shop',
  ScriptVersion: { id: 'v7' },
  WallTimeMs: 31,
  ...over,
})
const parse = (over: object, rules = RULES) => traceEvents({ requests: rules })(JSON.stringify(event(over)))
const requesting = (URL: string) => ({ Event: { Request: { URL, Method: 'GET' }, Response: { Status: 200 } } })
const made = (over: object, rules = RULES) => {
  const [first] = parse(over, rules)
  return first?.kind === 'entry' ? first.entry : first
}

describe('requests of trace events', () => {
  it('become entries, labelled as what they are', () => {
    expect(made({})).toEqual({
      _type: 'stoma_analytics',
      timestamp: '2026-03-04T05:06:07.890Z',
      gatewayName: 'shop',
      routePath: '/products/:id',
      method: 'GET',
      statusCode: 404,
      durationMs: 31,
      responseSize: null,
      traceId: '9f1',
      dimensions: { source: 'trace', version: 'v7' },
    })
  })

  it.each([
    ['https://shop.example', '/'],
    ['https://shop.example/?q=1', '/'],
    ['https://shop.example/products/7/', '/products/:id'],
    ['https://shop.example/products/7/reviews#top', '/products/:id/reviews'],
    ['https://shop.example/products/new', '/products/:id'],
    ['https://shop.example/assets/css/a.css?v=2', '/assets/*'],
    ['https://shop.example/wp-login.php', '/*'],
    ['not a url', '/*'],
  ])('of %s are of the route %s, by the first pattern that fits', (url, route) => {
    expect(made(requesting(url))).toMatchObject({ routePath: route })
  })

  it('give way to entries of the policy in the same event', () => {
    const own = entry({ routePath: '/products/:id' })
    expect(parse({ Logs: [{ Level: 'log', Message: [JSON.stringify(own)] }] })).toEqual([{ kind: 'entry', entry: own }])
  })

  it('are passed over since the policy logs, and without any pattern', () => {
    expect(parse({}, { ...RULES, until: '2026-03-04T05:06:07Z' })).toEqual([{ kind: 'foreign' }])
    expect(made({}, { ...RULES, until: '2026-03-04T05:06:08Z' })).toMatchObject({ routePath: '/products/:id' })
    expect(parse({}, { until: '', routes: [] })).toEqual([{ kind: 'foreign' }])
    expect(traceEvents({ requests: { until: '', routes: [] } }).tags).not.toContain('"Request"')
  })

  it('say how they ended where there was no response', () => {
    const silent = { Event: { Request: { URL: 'https://shop.example/', Method: 'GET' } } }
    expect(made({ ...silent, Outcome: 'exceededCpu' })).toMatchObject({
      statusCode: 500,
      dimensions: { source: 'trace', outcome: 'exceededCpu' },
    })
    expect(made({ ...silent, Outcome: 'canceled' })).toMatchObject({ statusCode: 499 })
  })

  it('are none of crons and queues', () => {
    expect(parse({ EventType: 'scheduled', Event: { Cron: '* * * * *' } })).toEqual([{ kind: 'foreign' }])
  })

  it('are counted as rejected where they lack what an entry needs', () => {
    expect(parse({ WallTimeMs: undefined })).toMatchObject([{ kind: 'rejected', reason: 'field' }])
  })

  it('want rules that mean something', () => {
    expect(() => traceEvents({ requests: { until: 'May', routes: ['/'] } })).toThrow('until "May"')
    expect(() => traceEvents({ requests: { until: '', routes: ['products'] } })).toThrow('"products" is no route')
    expect(() => traceEvents({ requests: { until: '', routes: ['/a/*/b'] } })).toThrow('"/a/*/b" is no route')
  })
})
