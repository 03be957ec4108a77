import { gzipSync } from 'node:zlib'
import { random } from '../../test/support/generate.ts'
import { randomIds } from '../../test/support/trace-ids.ts'

export type Delivery = 'plain lines' | 'trace events, gzip'

/** The log of five minutes, the `log`th of them. */
export function logOf(delivery: Delivery, log: number, rows: number): Uint8Array<ArrayBuffer> {
  const ids = randomIds(random(log))
  const lines = Array.from({ length: rows }, (_, n) => {
    const timestamp = new Date(Date.UTC(2026, 2, 1) + log * 300_000 + n * 5).toISOString()
    const request = { routePath: `/products/${n % 40}`, method: 'GET', statusCode: 200, durationMs: n % 997 }
    const rest = { ...request, responseSize: n, traceId: ids.of(n), dimensions: { region: 'eu' } }
    return JSON.stringify({ _type: 'stoma_analytics', timestamp, gatewayName: 'shop', ...rest })
  })
  if (delivery === 'plain lines') return new TextEncoder().encode(`${lines.join('\n')}\n`)
  const events = lines.map((line, n) => {
    const logs = [{ Level: 'log', Message: [line], TimestampMs: n }]
    return JSON.stringify({ EventTimestampMs: n, EventType: 'fetch', Logs: logs, Outcome: 'ok', ScriptName: 'shop' })
  })
  return new Uint8Array(gzipSync(`${events.join('\n')}\n`, { level: 1 }))
}
