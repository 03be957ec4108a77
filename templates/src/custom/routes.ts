import type { RequestRules } from '../processor/formats/trace-requests.ts'

/**
 * Requests from before the policy. Trace events hold the URL, the status and the time of every request, so old ones can
 * be counted too, once these patterns say which route a URL belongs to. The first that fits wins, `:name` is one segment,
 * `*` at the end is the rest; what fits none is counted as `/*`. Without patterns, only entries of the policy count.
 *
 *   until: '2026-05-01T12:00:00Z', // since then the policy logs
 *   routes: ['/', '/products', '/products/:id', '/assets/*'],
 */
export const requestsBeforePolicy: RequestRules = {
  until: '',
  routes: [],
}
