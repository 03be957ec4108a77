import { counted } from '../../query/table.ts'

const HOUR_MS = 3600_000

/** A length of time for people: `5 minutes`, `3 hours`, `4 days`. */
export function spell(ms: number): string {
  if (ms < HOUR_MS) return counted(Math.round(Math.max(0, ms) / 60_000), 'minute')
  return ms < 48 * HOUR_MS ? counted(Math.round(ms / HOUR_MS), 'hour') : counted(Math.round(ms / HOUR_MS / 24), 'day')
}
