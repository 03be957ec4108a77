import { isUtf8 } from 'node:buffer'
import { plainBytes } from './words.ts'

/**
 * Steps over compact JSON without reading it: RFC 8259, with no space between its parts. Each gives where its part ends, or
 * -1 for what is none, or is spelled in a way that is not looked into. A line end must come behind the JSON.
 */

const [SPACE, QUOTE, BACKSLASH, MINUS, POINT, ZERO, U] = [0x20, 0x22, 0x5c, 0x2d, 0x2e, 0x30, 0x75] as const
const LITERALS = ['true', 'false', 'null'].map((text) => Buffer.from(text))
const SHORT_ESCAPES = Buffer.from('"\\/bfnrt')
const CODE = /^[0-9a-f]{4}$/i
/** Letters and underscores: escaped, they would hide a name from whoever looks for it. */
const LETTER = /^00[4-7]/

/** The rest of a string, from behind its opening quote. */
export function skipString(bytes: Uint8Array, view: DataView, start: number): number {
  let at = start
  let bits = 0
  for (;;) {
    const plain = at + 4 <= bytes.length ? plainBytes(view.getInt32(at, true)) : 0
    at += plain
    if (plain === 4) continue
    const byte = bytes[at] as number
    if (byte === QUOTE) break
    if (byte === BACKSLASH) {
      at = skipEscape(bytes, at + 1)
      if (at < 0) return -1
    } else if (byte >= SPACE) {
      bits |= byte
      at++
    } else return -1
  }
  return bits > 127 && !isUtf8(bytes.subarray(start, at)) ? -1 : at + 1
}

/** From behind the backslash. */
function skipEscape(bytes: Uint8Array, at: number): number {
  if (SHORT_ESCAPES.includes(bytes[at] as number)) return at + 1
  const code = bytes[at] === U ? Buffer.from(bytes.subarray(at + 1, at + 5)).toString('latin1') : ''
  return CODE.test(code) && !LETTER.test(code) ? at + 5 : -1
}

/** Whether a number may begin with it. */
export const isNumber = (byte: number) => byte === MINUS || (byte >= ZERO && byte <= ZERO + 9)

/** A number without an exponent. */
export function skipNumber(bytes: Uint8Array, start: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start
  const end = skipDigits(bytes, first)
  if (end === first || (bytes[first] === ZERO && end > first + 1)) return -1
  if (bytes[end] !== POINT) return end
  const last = skipDigits(bytes, end + 1)
  return last > end + 1 ? last : -1
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while ((bytes[at] as number) >= ZERO && (bytes[at] as number) <= ZERO + 9) at++
  return at
}

/** `true`, `false` or `null`. */
export function skipLiteral(bytes: Uint8Array, at: number): number {
  for (const literal of LITERALS) if (begins(bytes, at, literal)) return at + literal.length
  return -1
}

export function begins(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false
  return true
}
