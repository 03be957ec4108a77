import { isUtf8 } from 'node:buffer'
import { toTimestamp } from '../../processor/formats/standard.ts'
import type { LineScanner } from '../../types.ts'
import { hash } from './text-column.ts'

/** Where a scanner keeps the fields of the line it took last. */
export const NUMBERS = { timestamp: 0, statusCode: 1, durationMs: 2, responseSize: 3 } as const
export const TEXTS = { gatewayName: 0, routePath: 1, method: 2, traceId: 3, dimensions: 4 } as const

/** Bytes to compare with, four at a time. */
function literal(text: string): { length: number; words: Int32Array; rest: Uint8Array } {
  const bytes = Buffer.from(text)
  const words = Int32Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readInt32LE(i * 4))
  return { length: bytes.length, words, rest: bytes.subarray(words.length * 4) }
}
type Literal = ReturnType<typeof literal>

const HEAD = literal('{"_type":"stoma_analytics","timestamp":"')
const GATEWAY_NAME = literal('Z","gatewayName":"')
const ROUTE_PATH = literal(',"routePath":"')
const METHOD = literal(',"method":"')
const STATUS_CODE = literal(',"statusCode":')
const DURATION_MS = literal(',"durationMs":')
const RESPONSE_SIZE = literal(',"responseSize":')
const TRACE_ID = literal(',"traceId":"')
const DIMENSIONS = literal(',"dimensions":')
const NULL = literal('null')
const LINE_END = literal('}\n')

const [NEWLINE, SPACE, QUOTE, POINT, ZERO, BACKSLASH, CLOSE] = [0x0a, 0x20, 0x22, 0x2e, 0x30, 0x5c, 0x7d] as const
const MINUTE = 'YYYY-MM-DDTHH:MM:'.length
/** So many digits are exact as a number, and so is their quotient by a power of ten. */
const MAX_DIGITS = 15
const POWERS = Float64Array.from({ length: MAX_DIGITS + 1 }, (_, digits) => 10 ** digits)
const KNOWN_DIMENSIONS = 1024

/**
 * Reads lines exactly as `analyticsLog` writes them: these keys in this order, nothing escaped, no spaces. It may turn
 * down what it likes, since `parseLine` then reads the line; what it takes must be what `parseLine` would have read.
 */
export class EntryScanner implements LineScanner {
  /** The bytes that `starts` and `ends` point into. */
  lines: Uint8Array = new Uint8Array()
  readonly starts = new Int32Array(5)
  readonly ends = new Int32Array(5)
  readonly numbers = new Float64Array(4)
  private view: DataView = new DataView(new ArrayBuffer(0))
  private at = 0
  /** The minute of the line before, as text and in milliseconds. */
  private minuteText = new Uint8Array()
  private minute = Number.NaN
  /** Dimensions that were compared with what JSON makes of them, by their hash. */
  private readonly known: (Uint8Array | undefined)[] = new Array(KNOWN_DIMENSIONS).fill(undefined)

  get timestamp(): number {
    return this.numbers[NUMBERS.timestamp] as number
  }

  scan(lines: Uint8Array, start: number): number {
    if (lines !== this.lines) {
      this.lines = lines
      this.view = new DataView(lines.buffer, lines.byteOffset, lines.byteLength)
    }
    this.at = start
    const isTaken =
      this.skip(HEAD) &&
      this.time() &&
      this.skip(GATEWAY_NAME) &&
      this.text(TEXTS.gatewayName) &&
      this.skip(ROUTE_PATH) &&
      this.text(TEXTS.routePath) &&
      this.skip(METHOD) &&
      this.text(TEXTS.method) &&
      this.skip(STATUS_CODE) &&
      this.integer(NUMBERS.statusCode, 3) &&
      this.skip(DURATION_MS) &&
      this.decimal(NUMBERS.durationMs) &&
      this.skip(RESPONSE_SIZE) &&
      (this.skip(NULL) ? this.absent(NUMBERS.responseSize) : this.integer(NUMBERS.responseSize, MAX_DIGITS)) &&
      (this.skip(TRACE_ID) ? this.text(TEXTS.traceId) : this.without(TEXTS.traceId)) &&
      (this.skip(DIMENSIONS) ? this.dimensions() : this.without(TEXTS.dimensions)) &&
      this.skip(LINE_END)
    return isTaken ? this.at : -1
  }

  private skip({ length, words, rest }: Literal): boolean {
    const { lines, view, at } = this
    if (at + length > lines.length) return false
    for (let i = 0; i < words.length; i++) if (view.getInt32(at + i * 4, true) !== words[i]) return false
    const end = at + length
    for (let i = 1; i <= rest.length; i++) if (lines[end - i] !== rest[rest.length - i]) return false
    this.at = end
    return true
  }

  private absent(field: number): boolean {
    this.numbers[field] = Number.NaN
    return true
  }

  private without(field: number): boolean {
    this.starts[field] = -1
    return true
  }

  /** Up to the closing quote, which it passes. */
  private text(field: number): boolean {
    const { lines, at: start } = this
    let end = start
    let bits = 0
    for (;;) {
      const byte = lines[end] as number
      if (byte === QUOTE) break
      if (!(byte >= SPACE) || byte === BACKSLASH) return false
      bits |= byte
      end++
    }
    if (bits > 127 && !isUtf8(lines.subarray(start, end))) return false
    this.starts[field] = start
    this.ends[field] = end
    this.at = end + 1
    return true
  }

  private integer(field: number, maxDigits: number): boolean {
    const start = this.at
    const value = this.digits(0)
    const count = this.at - start
    this.numbers[field] = value
    return count > 0 && count <= maxDigits && (count === 1 || this.lines[start] !== ZERO)
  }

  private decimal(field: number): boolean {
    if (!this.integer(field, MAX_DIGITS)) return false
    if (this.lines[this.at] !== POINT) return true
    const point = this.at++
    const mantissa = this.digits(this.numbers[field] as number)
    const places = this.at - point - 1
    this.numbers[field] = mantissa / (POWERS[places] as number)
    return places > 0 && places <= MAX_DIGITS && mantissa < 1e15
  }

  /** The digits from here on, appended to a number. */
  private digits(head: number): number {
    const { lines } = this
    let at = this.at
    let value = head
    for (;;) {
      const digit = (lines[at] as number) - ZERO
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
      at++
    }
    this.at = at
    return value
  }

  /** `YYYY-MM-DDTHH:MM:SS.mmmZ`. The minute is read by `toTimestamp`, since most lines share it with the one before. */
  private time(): boolean {
    const { lines, at, minuteText } = this
    for (let i = 0; i < MINUTE; i++) {
      if (lines[at + i] === minuteText[i]) continue
      if (!this.newMinute()) return false
      break
    }
    this.at = at + MINUTE
    const seconds = this.digits(0)
    const isWhole = this.at === at + MINUTE + 2 && lines[this.at] === POINT
    this.at++
    const milliseconds = this.digits(0)
    this.numbers[NUMBERS.timestamp] = this.minute + seconds * 1000 + milliseconds
    return isWhole && seconds < 60 && this.at === at + MINUTE + 6
  }

  private newMinute(): boolean {
    const minute = this.lines.slice(this.at, this.at + MINUTE)
    // Its last millisecond tells of all others; of 24:00 only the first exists.
    const text = `${Buffer.from(minute).toString('latin1')}59.999Z`
    if (toTimestamp(text) !== text) return false
    this.minuteText = minute
    this.minute = Date.parse(text) - 59_999
    return true
  }

  /** Labels as JSON writes them again, so that their bytes are what is stored. */
  private dimensions(): boolean {
    const { lines, at: start } = this
    let end = start
    while (end < lines.length && lines[end] !== CLOSE && lines[end] !== NEWLINE) end++
    end++
    const slot = hash(lines, start, end) % KNOWN_DIMENSIONS
    const known = this.known[slot]
    if (!known || !isEqual(known, lines, start, end)) {
      const labels = Buffer.from(lines.subarray(start, end))
      if (!isUtf8(labels) || !isCanonical(labels.toString())) return false
      this.known[slot] = labels
    }
    this.starts[TEXTS.dimensions] = start
    this.ends[TEXTS.dimensions] = end
    this.at = end
    return true
  }
}

function isEqual(known: Uint8Array, lines: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== lines[start + i]) return false
  return true
}

/** Whether `parseLine` takes these labels as they are, and JSON writes them the same. */
function isCanonical(text: string): boolean {
  try {
    const labels: unknown = JSON.parse(text)
    const isFlat = typeof labels === 'object' && labels !== null && !Array.isArray(labels)
    return isFlat && Object.values(labels).every(isScalar) && JSON.stringify(labels) === text
  } catch {
    return false
  }
}

const isScalar = (label: unknown) => label !== null && typeof label !== 'object'
