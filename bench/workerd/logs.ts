import { gzipSync } from 'node:zlib'
import { random } from '../../test/support/generate.ts'
import { randomIds } from '../../test/support/trace-ids.ts'

export type Delivery = 'plain lines' | 'trace events, gzip'

/** Lines of five minutes, the `log`th of them, as the policy writes them or as Logpush wraps them. */
export function linesOf(delivery: Delivery, log: number, rows: number): Uint8Array<ArrayBuffer> {
  const ids = randomIds(random(log))
  let lines = ''
  for (let n = 0; n < rows; n++) {
    const timestamp = new Date(Date.UTC(2026, 2, 1) + log * 300_000 + n * 5).toISOString()
    const request = { routePath: `/products/${n % 40}`, method: 'GET', statusCode: 200, durationMs: n % 997 }
    const rest = { ...request, responseSize: n, traceId: ids.of(n), dimensions: { region: 'eu' } }
    const line = JSON.stringify({ _type: 'stoma_analytics', timestamp, gatewayName: 'shop', ...rest })
    lines += `${delivery === 'plain lines' ? line : traceEvent(line, n)}\n`
  }
  return new TextEncoder().encode(lines)
}

function traceEvent(line: string, TimestampMs: number): string {
  const Logs = [{ Level: 'log', Message: [line], TimestampMs }]
  return JSON.stringify({ EventTimestampMs: TimestampMs, EventType: 'fetch', Logs, Outcome: 'ok', ScriptName: 'shop' })
}

/** The same lines, as they lie in a bucket. */
export function logOf(delivery: Delivery, log: number, rows: number): Uint8Array<ArrayBuffer> {
  const lines = linesOf(delivery, log, rows)
  return delivery === 'plain lines' ? lines : new Uint8Array(gzipSync(lines, { level: 1 }))
}
