/** Hands out the trace id of one request after the other, and counts the different ones. */
export interface TraceIds {
  made: number
  /** The id of a request at this time, in milliseconds since the epoch. */
  of(ms: number): string
}

type Random = () => number

const hexOf = (next: Random, words: number) =>
  Array.from({ length: words }, () =>
    Math.floor(next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('')

/** A new id of 128 random bits for each request. */
export function randomIds(next: Random): TraceIds {
  return {
    made: 0,
    of() {
      this.made++
      return hexOf(next, 4)
    },
  }
}

/** Traces that may still be going on. */
const OPEN = 64

/**
 * What a gateway with clients of several kinds sees. Half of the traces begin at OpenTelemetry, whose ids are random as the
 * W3C asks; three in ten at an X-Ray propagator, whose first 8 digits are the second; two in ten bear the gateway's own
 * UUIDv7, whose first 48 bits are the millisecond. One request in four belongs to one of the latest traces, as the calls
 * of one page do. More time or more repetition in the ids would flatter whoever compresses them.
 */
export function mixedIds(next: Random): TraceIds {
  const latest: string[] = []
  return {
    made: 0,
    of(ms) {
      if (latest.length === OPEN && next() < 0.25) return latest[Math.floor(next() * OPEN)] as string
      const id = newId(next, ms)
      latest[this.made++ % OPEN] = id
      return id
    },
  }
}

function newId(next: Random, ms: number): string {
  const kind = next()
  if (kind < 0.5) return hexOf(next, 4)
  if (kind < 0.8)
    return (
      Math.floor(ms / 1000)
        .toString(16)
        .padStart(8, '0') + hexOf(next, 3)
    )
  const time = ms.toString(16).padStart(12, '0')
  const bits = hexOf(next, 3)
  const variant = '89ab'[Number.parseInt(bits.charAt(3), 16) & 3]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits.slice(0, 3)}-${variant}${bits.slice(4, 7)}-${bits.slice(8, 20)}`
}
