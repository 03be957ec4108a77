const HOUR_MS = 3600_000

/** A length of time for people: `5 minutes`, `3 hours`, `4 days`. */
export function spell(ms: number): string {
  if (ms < HOUR_MS) return `${Math.round(Math.max(0, ms) / 60_000)} minutes`
  return ms < 48 * HOUR_MS ? `${Math.round(ms / HOUR_MS)} hours` : `${Math.round(ms / HOUR_MS / 24)} days`
}
