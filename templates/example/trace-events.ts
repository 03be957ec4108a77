import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** What a Worker's invocation printed. */
export interface Invocation {
  scriptName?: string | null
  /** Milliseconds since the epoch. */
  eventTimestamp?: number | null
  outcome?: string
  logs: readonly { level: string; message: unknown; timestamp: number }[]
}

/** The invocation as Logpush writes it. */
const traceEvent = ({ scriptName, eventTimestamp, outcome, logs }: Invocation) => ({
  Event: {},
  EventTimestampMs: eventTimestamp,
  EventType: 'fetch',
  Exceptions: [],
  Logs: logs.map(({ level, message, timestamp }) => ({ Level: level, Message: message, TimestampMs: timestamp })),
  Outcome: outcome ?? 'ok',
  ScriptName: scriptName ?? 'shop',
})

/** An object as Logpush would put it: a name that is never used twice, and gzip. */
export function logObject(prefix: string, invocations: readonly Invocation[], now = Date.now()) {
  // No Buffer, which the proxy of a local bucket does not take.
  const body = new Uint8Array(gzipSync(invocations.map((each) => `${JSON.stringify(traceEvent(each))}\n`).join('')))
  const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
  const times = invocations.map(({ eventTimestamp }) => eventTimestamp ?? now)
  const [first, last] = [times[0] ?? now, times.at(-1) ?? now].map(time) as [string, string]
  const hash = createHash('sha256').update(`${now}`).update(body).digest('hex').slice(0, 8)
  return { key: `${prefix}${first.slice(0, 8)}/${first}_${last}_${hash}.log.gz`, body }
}
