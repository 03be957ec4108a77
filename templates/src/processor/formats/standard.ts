import type { AnalyticsEntry, Dimensions, ParsedLine, ParseLine } from '../../types.ts'

const ISO = /^(\d{4}-\d\d-(\d\d))[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/i

/** Plain NDJSON: the line is the entry. */
export const parseLine: ParseLine = Object.assign(parseEntry, { tags: ['"stoma_analytics"'] })

function parseEntry(line: string): ParsedLine[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return [{ kind: 'rejected', reason: 'json', detail: (error as Error).message }]
  }
  return [toEntry(value)]
}

/** Checks an object that may be an entry and brings it into the one form that columns and `transform` see. */
export function toEntry(value: unknown): ParsedLine {
  if (typeof value !== 'object' || value === null) return { kind: 'foreign' }
  const raw = value as Partial<Record<keyof AnalyticsEntry, unknown>>
  if (raw._type !== 'stoma_analytics') return { kind: 'foreign' }
  const timestamp = toTimestamp(raw.timestamp)
  if (timestamp === null) return rejected('timestamp', `no time: ${JSON.stringify(raw.timestamp)}`)
  const { gatewayName, routePath, method, statusCode, durationMs, responseSize = null, traceId, dimensions } = raw
  if (typeof gatewayName !== 'string' || typeof routePath !== 'string' || typeof method !== 'string')
    return rejected('field', 'gatewayName, routePath and method must be strings')
  if (!Number.isInteger(statusCode) || !isWithin(statusCode, 999))
    return rejected('field', 'statusCode must be an integer from 0 to 999')
  if (!isWithin(durationMs, Number.MAX_VALUE)) return rejected('field', 'durationMs must be a number from 0')
  if (responseSize !== null && !(Number.isSafeInteger(responseSize) && isWithin(responseSize, 2 ** 53)))
    return rejected('field', 'responseSize must be null or an integer from 0 to 2^53')
  const entry: AnalyticsEntry = {
    _type: 'stoma_analytics',
    timestamp,
    gatewayName,
    routePath,
    method,
    statusCode: statusCode as number,
    durationMs: durationMs as number,
    responseSize: responseSize as number | null,
  }
  if (typeof traceId === 'string') entry.traceId = traceId
  else if (traceId !== undefined && traceId !== null) return rejected('field', 'traceId must be a string')
  if (typeof dimensions === 'object' && dimensions !== null) entry.dimensions = flat(dimensions)
  else if (dimensions !== undefined && dimensions !== null) return rejected('field', 'dimensions must be an object')
  return { kind: 'entry', entry }
}

const rejected = (reason: 'field' | 'timestamp', detail: string): ParsedLine => ({ kind: 'rejected', reason, detail })

const isWithin = (value: unknown, max: number) => typeof value === 'number' && value >= 0 && value <= max

/** Nested values become JSON text, so that nothing is lost and every label stays flat; nulls say nothing. */
function flat(dimensions: object): Dimensions {
  const labels = Object.entries(dimensions).filter(([, label]) => label !== null && label !== undefined)
  return Object.fromEntries(
    labels.map(([key, label]) => [key, typeof label === 'object' ? JSON.stringify(label) : label]),
  )
}

/** ISO 8601 (without an offset: UTC) or a Unix time in s, ms, µs or ns, as ISO in UTC with milliseconds; else null. */
export function toTimestamp(value: unknown): string | null {
  if (typeof value === 'number' && value >= 0 && value < 1e19) {
    let ms = value * 1000
    while (ms >= 1e14) ms /= 1000 // seconds stay below 1e11 until the year 5138
    return isoOf(Math.floor(ms))
  }
  const match = typeof value === 'string' ? ISO.exec(value) : null
  if (!match) return null
  const [, date, day, time, fraction = '', offset = 'Z'] = match
  if (value === `${date}T${time}.${fraction}Z` && fraction.length === 3 && Number(day) <= 28) return checked(value)
  if (new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) !== date) return null // 30 February rolls over silently
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase()
  return isoOf(
    Date.parse(`${date}T${time}${time?.length === 5 ? ':00' : ''}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`),
  )
}

const checked = (iso: string) => (Number.isNaN(Date.parse(iso)) ? null : iso)

function isoOf(ms: number): string | null {
  const iso = Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : ''
  return iso.length === 24 ? iso : null // years past 9999 are written longer
}
