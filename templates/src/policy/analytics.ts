import type { Context, MiddlewareHandler } from 'hono'
import type { AnalyticsEntry, Dimensions } from '../types.ts'
import { countBody, isCountable, keepAlive, routePathOf, scalars, sizeOf, text, traceIdOf } from './request.ts'

/** Takes an entry and the JSON line it makes (no line break). What it throws, or rejects with, is printed once. */
export type Sink = (entry: AnalyticsEntry, line: string) => unknown

/** One line on stdout, for whoever collects it: Logpush, Docker, systemd, `| npm run capture`. */
export const stdoutSink: Sink = (_entry, line) => console.log(line)

export interface AnalyticsLogConfig {
  /** Default: the name of the Stoma gateway, else `unknown`. */
  gatewayName?: string
  /** True: this request leaves no entry. Asked before the request is handled. */
  skip?: (c: Context) => boolean | Promise<boolean>
  /** Labels of every entry, such as the region. */
  dimensions?: Dimensions
  /** Labels of this request, read once it is handled; they win over the static ones. Only scalars are kept. */
  extractDimensions?: (c: Context) => Record<string, string | number | boolean | null | undefined>
  /** Default: `stdoutSink`. */
  sink?: Sink
  /** `count` wraps bodies that come without Content-Length, which costs about the CPU of a small request. */
  responseSize?: 'header' | 'count'
  /** Replaces the clock in tests: milliseconds since the epoch. */
  now?: () => number
}

/** Structurally a Stoma policy; its `handler` is plain Hono middleware. */
export type AnalyticsPolicy = { name: 'analytics-log'; priority: 0; httpOnly: true; handler: MiddlewareHandler }

/** Emits one lean entry per request. Whatever fails in here, the client gets the response it would have got without. */
export function analyticsLog(config: AnalyticsLogConfig = {}): AnalyticsPolicy {
  const { sink = stdoutSink, now = Date.now } = config
  const elapsed = config.now ?? (() => performance.now()) // a wall clock may be set while a request is under way
  const printed = new Set<string>()

  /** Keeps every failure, thrown or rejected, away from the request. The first of each kind is printed. */
  function attempt<T>(what: string, task: () => T): T | undefined {
    const failed = (error: unknown) => {
      if (!printed.has(what)) console.error(`analyticsLog: ${what} failed (this is printed once):`, error)
      printed.add(what)
    }
    try {
      const result = task()
      return result instanceof Promise ? (result.catch(failed) as T) : result
    } catch (error) {
      failed(error)
    }
  }

  function emit(c: Context, entry: AnalyticsEntry): void {
    const pending = attempt('the sink', () => sink(entry, JSON.stringify(entry)))
    if (pending instanceof Promise) keepAlive(c, pending)
  }

  /** The keys stay in this order: whoever scans the lines may rely on it. */
  function entryOf(c: Context, startedAt: number, durationMs: number, answered: boolean): AnalyticsEntry {
    const gateway = c.get('gateway') as Record<string, unknown> | undefined // put there by Stoma
    const extracted = attempt('extractDimensions', () => config.extractDimensions?.(c))
    return {
      _type: 'stoma_analytics',
      timestamp: new Date(startedAt).toISOString(),
      gatewayName: config.gatewayName ?? text(gateway?.gatewayName) ?? 'unknown',
      routePath: text(gateway?.routePath) ?? routePathOf(c),
      method: c.req.method,
      statusCode: answered ? c.res.status : 500,
      durationMs: Math.round(Math.max(0, durationMs) * 1000) / 1000,
      responseSize: answered ? sizeOf(c) : null,
      traceId: text(gateway?.traceId) ?? traceIdOf(c),
      dimensions: scalars({ ...config.dimensions, ...extracted }),
    }
  }

  /** Emits once the body has passed and its bytes are known. */
  function emitCounted(c: Context, entry: AnalyticsEntry, body: ReadableStream<Uint8Array>): void {
    const passed = new Promise<void>((resolve) => {
      const counted = countBody(body, (responseSize) => resolve(emit(c, { ...entry, responseSize })))
      const response = new Response(counted, c.res)
      c.res = undefined // or Hono would merge the headers of both
      c.res = response
    })
    keepAlive(c, passed)
  }

  async function handler(c: Context, next: () => Promise<void>): Promise<void> {
    const startedAt = now()
    const from = elapsed()
    // A skip that fails skips nothing: a line too many can be left out later, a missing one is gone for good.
    const skipped = config.skip && (await attempt('skip', () => config.skip?.(c)))
    let returned = false
    try {
      await next()
      returned = true
    } finally {
      // Hono turns errors into responses before they get here; what is still thrown becomes the server's own 500.
      const answered = returned && c.finalized
      attempt('reading the request', () => {
        if (skipped) return
        const entry = entryOf(c, startedAt, elapsed() - from, answered)
        const counts = config.responseSize === 'count' && answered && entry.responseSize === null && isCountable(c)
        if (counts && c.res.body) emitCounted(c, entry, c.res.body)
        else emit(c, counts ? { ...entry, responseSize: 0 } : entry)
      })
    }
  }

  return { name: 'analytics-log', priority: 0, httpOnly: true, handler }
}
