import { Hono } from 'hono'
import { logger } from 'hono/logger'
import { analyticsLog } from '../../templates/src/policy/analytics.ts'

/** What is compared, in the order of the table; each prints this many lines a request. */
export const LINES = { 'bare Hono': 0, 'hono/logger': 2, analyticsLog: 1 }
export type Middleware = keyof typeof LINES

/** What became of a round: of the requests that were sent, and of what the middleware printed meanwhile. */
export interface Round {
  answered: number
  lines: number
  characters: number
  last: string
}

let printed = { lines: 0, characters: 0, last: '' }
/** In place of the console, whose own cost (a write, or the inspector) is another in each runtime, and many times larger. */
const print = (line: string) => {
  printed.lines++
  printed.characters += line.length
  printed.last = line
}

function appWith(middleware: Middleware): Hono {
  const app = new Hono()
  if (middleware === 'hono/logger') app.use(logger(print))
  if (middleware === 'analyticsLog')
    app.use(analyticsLog({ gatewayName: 'shop', sink: (_, line) => print(line) }).handler)
  app.get('/health', (c) => c.text('ok'))
  app.get('/products/:id', (c) => c.json({ id: c.req.param('id'), stock: 7 }))
  return app
}

const apps = {
  'bare Hono': appWith('bare Hono'),
  'hono/logger': appWith('hono/logger'),
  analyticsLog: appWith('analyticsLog'),
}
const trace = (n: number) => `00-${n.toString(16).padStart(32, 'a')}-00f067aa0ba902b7-01`
const requestOf = (n: number) =>
  new Request(`https://shop.example/products/${n}?page=${n % 3}`, { headers: { traceparent: trace(n) } })

/** Sends `count` requests, one after the other. The requests are made beforehand: their making is nobody's cost. */
export async function round(middleware: Middleware, count: number): Promise<Round> {
  const app = apps[middleware]
  const requests = Array.from({ length: 100 }, (_, n) => requestOf(n))
  printed = { lines: 0, characters: 0, last: '' }
  let answered = 0
  for (let n = 0; n < count; n++) {
    const response = await app.fetch(requests[n % requests.length] as Request)
    if (response.status === 200) answered++
  }
  return { answered, ...printed }
}

/** In workerd, whose clock stands still between two I/Os: whoever asks measures. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url)
    return Response.json(await round(searchParams.get('of') as Middleware, Number(searchParams.get('count'))))
  },
}
