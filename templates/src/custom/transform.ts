import type { AnalyticsEntry } from '../types.ts'

/**
 * Sees every entry before it is stored: change it, enrich it, or return null to drop it (dropped entries are counted).
 * Keep it a pure function of the entry: the same log must always give the same rows.
 *
 *   if (entry.routePath === '/health') return null
 *   return { ...entry, routePath: entry.routePath.toLowerCase() }
 */
export const transform: ((entry: AnalyticsEntry) => AnalyticsEntry | null) | undefined = undefined
