import { Hono } from 'hono'
import { type AnalyticsLogConfig, analyticsLog } from '../src/policy/analytics.ts'

const PRODUCTS = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, name: `Product ${i + 1}`, price: 5 + i * 1.5 }))

export interface GatewayOptions extends Pick<AnalyticsLogConfig, 'sink' | 'now'> {
  /** What a handler awaits where a real one would ask its database. */
  work?: (ms: number) => Promise<void>
  /** What is deployed: a commit or a tag. `report --compare deploy` holds it against the one before. */
  version?: string
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Mostly a little around it, now and then a multiple: as databases are. */
const about = (ms: number) => ms * (0.7 + Math.random() * 0.6 + 5 * Math.random() ** 12)

/** A small shop with the policy in front of it: quick and slow routes, small and large answers, and one that fails. */
export function createGateway({ sink, now, work = sleep, version = '1.0.0' }: GatewayOptions): Hono {
  const app = new Hono()
  const analytics = analyticsLog({
    gatewayName: 'shop',
    sink,
    now,
    responseSize: 'count',
    skip: (c) => c.req.path === '/health',
    dimensions: { region: 'eu-west', version },
    extractDimensions: (c) => ({ plan: c.req.header('x-plan') ?? 'free' }),
  })

  app.use(analytics.handler) // first, so that it sees what every other middleware answers
  app.get('/health', (c) => c.text('ok'))
  app.get('/products', async (c) => {
    await work(about(12))
    return c.json(PRODUCTS)
  })
  app.get('/products/:id', async (c) => {
    await work(about(5))
    const product = PRODUCTS.find(({ id }) => String(id) === c.req.param('id'))
    return product ? c.json(product) : c.json({ error: 'no such product' }, 404)
  })
  app.post('/orders', async (c) => {
    await work(about(45))
    if (!c.req.header('authorization')) return c.json({ error: 'who are you?' }, 401)
    if (Math.random() < 0.04) throw new Error('the payment provider does not answer')
    return c.json({ ordered: true }, 201)
  })
  app.get('/reports/yearly', async (c) => {
    await work(about(600))
    return c.body('month,revenue\n'.repeat(4000), 200, { 'content-type': 'text/csv' })
  })
  app.onError((error, c) => c.json({ error: error.message }, 502))
  return app
}
