import type { Sink } from '../src/policy/analytics.ts'
import { createGateway } from './gateway.ts'

const PLANS = ['free', 'free', 'free', 'pro', 'pro', 'team']

/**
 * Requests to the example gateway, through the real policy into this sink, spread over the hours until now. Time does
 * not pass here by itself: it is set for each request, and what a handler awaits moves it on.
 */
export async function makeTraffic(sink: Sink, requests: number, hours: number): Promise<void> {
  let clock = 0
  const work = async (ms: number) => {
    clock += ms
  }
  const versions = ['1.0.0', '1.1.0'].map((version) => {
    const options = { sink, now: () => clock, work, version } // a gateway of your own may know nothing of versions
    return createGateway(options)
  })
  for (const time of timesOf(requests, hours)) {
    clock = time
    const app = versions[time < Date.now() - 12 * 3_600_000 ? 0 : 1] as (typeof versions)[number]
    const [path, init] = anyRequest()
    await (await app.request(path, init)).arrayBuffer() // read to its end, as a client would
  }
}

/** Moments in ascending order: few at night, most in the afternoon. */
function timesOf(requests: number, hours: number): number[] {
  const times: number[] = []
  while (times.length < requests) {
    const time = Date.now() - Math.random() * hours * 3_600_000
    const hour = (time / 3_600_000) % 24
    if (Math.random() < 0.55 - 0.45 * Math.cos(((hour - 3) / 24) * 2 * Math.PI)) times.push(time)
  }
  return times.sort((a, b) => a - b)
}

function anyRequest(): [path: string, init: RequestInit] {
  const traceId = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16)).join('')
  const plan = PLANS[Math.floor(Math.random() * PLANS.length)] ?? 'free'
  const headers: Record<string, string> = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-plan': plan }
  if (Math.random() < 0.9) headers.authorization = 'Bearer demo'
  const dice = Math.random()
  if (dice < 0.45) return [`/products/${1 + Math.floor(Math.random() * 64)}`, { headers }]
  if (dice < 0.75) return ['/products', { headers }]
  if (dice < 0.95) return ['/orders', { method: 'POST', headers }]
  return dice < 0.98 ? ['/reports/yearly', { headers }] : ['/favicon.ico', { headers }]
}
