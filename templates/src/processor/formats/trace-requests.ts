import type { ParsedLine } from '../../types.ts'
import { toEntry } from './standard.ts'

/** What to make of requests from before there was a policy: `src/custom/routes.ts` says it. */
export interface RequestRules {
  /** ISO 8601. Later requests are passed over: they left an entry of the policy, or were not to. Empty: all are taken. */
  until: string
  /** Patterns of paths, in the order they are tried. Without any, no entry is made of a request. */
  routes: readonly string[]
}

/** What is read of a Workers Trace Event. */
export interface TracedRequest {
  url: unknown
  method: unknown
  status: unknown
  outcome: unknown
  scriptName: unknown
  scriptVersion: unknown
  timestampMs: unknown
  wallTimeMs: unknown
  rayId: unknown
}

/** Where a Worker ended without a response, what its client got: 499 where the client itself went away. */
const STATUS_OF: Record<string, number> = { canceled: 499, responseStreamDisconnected: 499 }
const NO_ROUTE = '/*'

/**
 * Makes an entry of a request that left none: the route by its URL, the wall time for its duration, no size. Its label
 * `source: "trace"` tells it from entries of the policy. Null where the rules do not ask for one.
 */
export function traceRequests({ until, routes }: RequestRules): (request: TracedRequest) => ParsedLine | null {
  const patterns = routes.map((route) => [route, patternOf(route)] as const)
  const end = until === '' ? Infinity : Date.parse(until)
  if (Number.isNaN(end)) throw new Error(`src/custom/routes.ts: until "${until}" is no ISO time`)

  return ({ url, method, status, outcome, scriptName, scriptVersion, timestampMs, wallTimeMs, rayId }) => {
    if (patterns.length === 0 || typeof url !== 'string' || Number(timestampMs) >= end) return null
    const path = pathOf(url)
    const [routePath] = patterns.find(([, pattern]) => pattern.test(path)) ?? [NO_ROUTE]
    const hasFailed = outcome !== undefined && outcome !== 'ok'
    return toEntry({
      _type: 'stoma_analytics',
      timestamp: timestampMs,
      gatewayName: scriptName ?? 'unknown',
      routePath,
      method,
      statusCode: status ?? (hasFailed ? (STATUS_OF[String(outcome)] ?? 500) : 200),
      durationMs: wallTimeMs,
      traceId: rayId,
      dimensions: { source: 'trace', version: scriptVersion, outcome: hasFailed ? outcome : undefined },
    })
  }
}

/** `:name` is one segment of a path, `*` at the end is whatever follows. */
function patternOf(route: string): RegExp {
  if (!/^\/[^*]*\*?$/.test(route))
    throw new Error(`src/custom/routes.ts: "${route}" is no route: it begins with / and may have a * at its end`)
  const source = route.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')
  return new RegExp(`^${source.replace(/\*$/, '.*')}/?$`)
}

/** The path alone: what follows it is no route, and may be secret. */
function pathOf(url: string): string {
  const [, path = '/'] = /^(?:[a-z][\w+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(url) ?? []
  return path || '/'
}
