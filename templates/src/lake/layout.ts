import { createHash } from 'node:crypto'

/** A partition is what one compacted file covers. */
export type Granularity = 'hour' | 'day' | 'month'

/** An hour of event time in UTC, as `YYYYMMDDHH`. Fragments always cover one. */
export type Hour = string

const PARTS = { month: 2, day: 3, hour: 4 } as const

const COMPACTED = 'compacted.parquet'

export const hourOf = (ms: number): Hour => new Date(ms).toISOString().slice(0, 13).replace(/[-T]/g, '')

/** Start of an hour, in milliseconds since the epoch. */
export const hourStart = (hour: Hour) => partitionSpan(hourPath(hour))[0]

const hourPath = (hour: Hour) => `${hour.slice(0, 4)}/${hour.slice(4, 6)}/${hour.slice(6, 8)}/${hour.slice(8)}`

/** `YYYY/MM[/DD[/HH]]`: the partition an hour belongs to. */
export function partitionOf(hour: Hour, granularity: Granularity): string {
  return hourPath(hour).split('/').slice(0, PARTS[granularity]).join('/')
}

/** First and past-the-end millisecond of a partition. */
export function partitionSpan(path: string): [number, number] {
  const [year = 0, month = 1, day, hour] = path.split('/').map(Number)
  const at = (months: number, days: number, hours: number) =>
    Date.UTC(year, month - 1 + months, (day ?? 1) + days, (hour ?? 0) + hours)
  return [at(0, 0, 0), hour !== undefined ? at(0, 0, 1) : day !== undefined ? at(0, 1, 0) : at(1, 0, 0)]
}

export const compactedKey = (prefix: string, partition: string) => `${prefix}/${partition}/${COMPACTED}`

/** First 20 hex digits of the sha256 of a source's name and id: 12 would collide at 10^8 sources. */
export function key20(sourceName: string, id: string): string {
  return createHash('sha256').update(`${sourceName}\0${id}`).digest('hex').slice(0, 20)
}

type Origin = { sourceName: string; key: string; offset: number }

/** Of what a source is called for ever: its key, or `key@offset` where a file went on after an earlier mark. */
export const sourceKey20 = ({ sourceName, key, offset }: Origin) =>
  key20(sourceName, offset === 0 ? key : `${key}@${offset}`)

/** Named after its own bytes, so equal names mean equal content whoever wrote it and when. */
export function fragmentName(hour: Hour, origin: Origin, bytes: Uint8Array, extension: string): string {
  const id12 = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  return `${hour}-${sourceKey20(origin)}-${id12}${extension}`
}

const FRAGMENT = /^(\d{10})-([0-9a-f]{20})-[0-9a-f]{12}\.(?:parquet|ndjson)$/

/** Hour and source of a fragment's name; null where the name is none. */
export function parseFragmentName(name: string): { hour: Hour; key20: string } | null {
  const match = FRAGMENT.exec(name)
  return match && { hour: match[1] as string, key20: match[2] as string }
}

export const fragmentKey = (prefix: string, name: string) => `${prefix}/${hourPath(name.slice(0, 10))}/${name}`

export const markPrefix = (prefix: string, sourceName: string) => `${prefix}/_state/ingested/${sourceName}/`

/**
 * What the marks of one key begin with. They lie side by side, and keys sort (nearly) as the sources do, because `!`
 * sorts before everything an encoded key can hold. Cut, since names of files and objects are limited.
 */
export function markStem(prefix: string, sourceName: string, key: string): string {
  const name = encodeURIComponent(key).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${markPrefix(prefix, sourceName)}${name.slice(0, 160)}!`
}

export const markKey = (prefix: string, sourceName: string, key: string, offset: number) =>
  `${markStem(prefix, sourceName, key)}${offset}-${sourceKey20({ sourceName, key, offset })}.json`

/** Says that this version of a log holds nothing that its marks do not: a rotated, compressed or redelivered copy. */
export const seenKey = (prefix: string, sourceName: string, key: string, etag: string) =>
  `${markStem(prefix, sourceName, key)}seen-${key20(sourceName, `${key}\0${etag}`)}`

export const lakeKey = (prefix: string) => `${prefix}/_state/lake.json`
export const schemaKey = (prefix: string) => `${prefix}/_state/schema.parquet`
export const rejectedKey = (prefix: string, sourceKey20: string) => `${prefix}/_state/rejected/${sourceKey20}.ndjson`
