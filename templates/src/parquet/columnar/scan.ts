import { isUtf8 } from 'node:buffer'
import { toTimestamp } from '../../processor/formats/standard.ts'
import type { AnalyticsEntry, ColumnType, LineScanner } from '../../types.ts'
import { hashOf, isEqual, mix, mixByte, plainBytes, viewOf } from './words.ts'

/** Where a scanner keeps the fields of the line it took last: numbers by themselves, and texts. */
const NUMBERS = { timestamp: 0, statusCode: 1, durationMs: 2, responseSize: 3 } as const
const TEXTS = { gatewayName: 0, routePath: 1, method: 2, traceId: 3, dimensions: 4 } as const
export const FIELDS = { ...NUMBERS, ...TEXTS }
/** How it keeps them: a column that stores one otherwise has to see the entry. */
export const TYPES: Partial<Record<keyof AnalyticsEntry, ColumnType>> = {
  ...{ timestamp: 'TIMESTAMP', statusCode: 'INTEGER', durationMs: 'DOUBLE', responseSize: 'BIGINT' },
  ...{ gatewayName: 'VARCHAR', routePath: 'VARCHAR', method: 'VARCHAR', traceId: 'VARCHAR', dimensions: 'VARCHAR' },
}

/** Text to compare with, eight bytes at a time: as numbers, which are equal where the bytes are. It is at least as long. */
function literal(text: string): { length: number; words: Float64Array } {
  const bytes = Buffer.from(text)
  const starts = Array.from({ length: Math.ceil(bytes.length / 8) }, (_, i) => Math.min(i * 8, bytes.length - 8))
  return { length: bytes.length, words: Float64Array.from(starts, (start) => bytes.readDoubleLE(start)) }
}
type Literal = ReturnType<typeof literal>

/** What a line has between its values, with its quotes as they lie where it is read, and with what ends it. */
export function literals(quote: string, end: string) {
  const spelled = (text: string) => literal(text.replaceAll('"', quote))
  return {
    head: spelled('{"_type":"stoma_analytics","timestamp":"'),
    gatewayName: spelled('Z","gatewayName":"'),
    routePath: spelled(',"routePath":"'),
    method: spelled(',"method":"'),
    statusCode: spelled(',"statusCode":'),
    durationMs: spelled(',"durationMs":'),
    responseSize: spelled(',"responseSize":'),
    traceId: spelled(',"traceId":"'),
    dimensions: spelled(',"dimensions":'),
    quote: Buffer.from(quote),
    end: Buffer.from(`}${end}`).readInt16LE(),
  }
}
const PRINTED = literals('"', '\n')
const NULL = Buffer.from('null').readInt32LE()

const [NEWLINE, SPACE, QUOTE, POINT, ZERO, BACKSLASH, CLOSE] = [0x0a, 0x20, 0x22, 0x2e, 0x30, 0x5c, 0x7d] as const
const MINUTE = 'YYYY-MM-DDTHH:MM:'.length
/** So many digits are exact as a number, and so is their quotient by a power of ten. */
const MAX_DIGITS = 15
const POWERS = Float64Array.from({ length: MAX_DIGITS + 1 }, (_, digits) => 10 ** digits)
/** So many labels of at most so many bytes are remembered as checked. */
const [KNOWN, KNOWN_BYTES] = [1024, 1024]

/**
 * Reads lines exactly as `analyticsLog` writes them: these keys in this order, nothing escaped, no spaces. It may turn
 * down what it likes, since `parseLine` then reads the line; what it takes must be what `parseLine` would have read.
 * The methods below take the place where they begin to read and give the one where they ended: -1 if they could not.
 */
export class EntryScanner implements LineScanner {
  /** By text: the bytes that `starts` and `ends` point into. */
  readonly views: DataView[] = new Array(5).fill(new DataView(new ArrayBuffer(0)))
  readonly starts = new Int32Array(5)
  readonly ends = new Int32Array(5)
  readonly hashes = new Int32Array(5)
  readonly numbers = new Float64Array(4)
  private readonly literals: typeof PRINTED
  protected lines: Uint8Array = new Uint8Array()
  private view: DataView = new DataView(new ArrayBuffer(0))
  /** The minute of the line before, as text and in milliseconds. */
  private minuteText: DataView = new DataView(new ArrayBuffer(MINUTE))
  private minute = Number.NaN
  /** Labels that were checked, by their hash. */
  private readonly known: (DataView | undefined)[] = new Array(KNOWN).fill(undefined)

  constructor(literals = PRINTED) {
    this.literals = literals
  }

  get timestamp(): number {
    return this.numbers[NUMBERS.timestamp] as number
  }

  scan(lines: Uint8Array, start: number): number {
    if (lines !== this.lines) {
      this.lines = lines
      this.view = viewOf(lines)
      this.views.fill(this.view)
    }
    const { view, literals } = this
    let at = this.time(skip(view, start, literals.head))
    at = this.text(TEXTS.gatewayName, skip(view, at, literals.gatewayName))
    at = this.text(TEXTS.routePath, skip(view, at, literals.routePath))
    at = this.text(TEXTS.method, skip(view, at, literals.method))
    at = this.integer(NUMBERS.statusCode, skip(view, at, literals.statusCode), 3)
    at = this.decimal(NUMBERS.durationMs, skip(view, at, literals.durationMs))
    at = this.integerOrNull(NUMBERS.responseSize, skip(view, at, literals.responseSize))
    if (at < 0) return -1
    let value = skip(view, at, literals.traceId)
    if (value < 0) this.starts[TEXTS.traceId] = -1
    else at = this.text(TEXTS.traceId, value)
    value = skip(view, at, literals.dimensions)
    if (value < 0) this.starts[TEXTS.dimensions] = -1
    else at = this.dimensions(value)
    if (at < 0 || at + 2 > lines.length || view.getInt16(at, true) !== literals.end) return -1
    return at + 2
  }

  /** `YYYY-MM-DDTHH:MM:SS.mmm`. The minute is read by `toTimestamp`, since most lines share it with the one before. */
  private time(at: number): number {
    const { lines, view } = this
    if (at < 0 || at + MINUTE + 8 > lines.length) return -1
    const isSame = this.minute >= 0 && isEqual(this.minuteText, 0, view, at, MINUTE)
    if (!isSame && !this.newMinute(at)) return -1
    const point = this.digits(NUMBERS.timestamp, at + MINUTE, 0)
    const second = this.timestamp
    const end = this.digits(NUMBERS.timestamp, point + 1, 0)
    this.numbers[NUMBERS.timestamp] = this.minute + second * 1000 + this.timestamp
    const isTime = point === at + MINUTE + 2 && second < 60 && lines[point] === POINT && end === point + 4
    return isTime ? end : -1
  }

  private newMinute(at: number): boolean {
    const minute = Buffer.from(this.lines.subarray(at, at + MINUTE))
    // Its last millisecond tells of all others; of 24:00 only the first exists.
    const text = `${minute.toString('latin1')}59.999Z`
    if (toTimestamp(text) !== text) return false
    this.minuteText = viewOf(minute)
    this.minute = Date.parse(text) - 59_999
    return true
  }

  /** Up to the closing quote, which it passes. */
  private text(field: number, start: number): number {
    if (start < 0) return -1
    const { lines, view } = this
    const { quote } = this.literals
    let hash = 0
    let isAscii = true
    for (let end = start; end + 4 <= lines.length; end += 4) {
      const word = view.getInt32(end, true)
      let plain = plainBytes(word)
      if (plain < 4 && (lines[end + plain] as number) > 127) {
        isAscii = false
        while (plain < 4 && isInText(lines[end + plain] as number)) plain++
      }
      if (plain === 4) hash = mix(hash, word)
      else {
        for (let i = 0; i < plain; i++) hash = mixByte(hash, lines[end++] as number)
        const isClosed = lines[end] === quote[0] && lines[end + quote.length - 1] === QUOTE
        const isText = isClosed && (isAscii || isUtf8(lines.subarray(start, end)))
        return isText ? this.found(field, start, end, hash) + quote.length : -1
      }
    }
    return -1
  }

  private found(field: number, start: number, end: number, hash: number): number {
    this.starts[field] = start
    this.ends[field] = end
    this.hashes[field] = hash
    return end
  }

  private integerOrNull(field: number, at: number): number {
    if (at < 0 || at + 4 > this.lines.length || this.view.getInt32(at, true) !== NULL)
      return this.integer(field, at, MAX_DIGITS)
    this.numbers[field] = Number.NaN
    return at + 4
  }

  private integer(field: number, start: number, maxDigits: number): number {
    const at = start < 0 ? -1 : this.digits(field, start, 0)
    const count = at - start
    return count > 0 && count <= maxDigits && (count === 1 || this.lines[start] !== ZERO) ? at : -1
  }

  private decimal(field: number, start: number): number {
    const point = this.integer(field, start, MAX_DIGITS)
    if (point < 0 || this.lines[point] !== POINT) return point
    const at = this.digits(field, point + 1, this.numbers[field] as number)
    const mantissa = this.numbers[field] as number
    const places = at - point - 1
    this.numbers[field] = mantissa / (POWERS[places] as number)
    return places > 0 && places <= MAX_DIGITS && mantissa < 1e15 ? at : -1
  }

  /** Appends the digits from `at` on to a number. */
  private digits(field: number, at: number, head: number): number {
    const { lines } = this
    let value = head
    let end = at
    for (;;) {
      const digit = (lines[end] as number) - ZERO
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
      end++
    }
    this.numbers[field] = value
    return end
  }

  protected dimensions(start: number): number {
    const { lines } = this
    let end = start
    while (end < lines.length && lines[end] !== CLOSE && lines[end] !== NEWLINE) end++
    return end < lines.length ? this.labels(this.view, start, end + 1) : -1
  }

  /** Labels as JSON writes them again, so that their bytes are what is stored. Asks only what was not asked before. */
  protected labels(view: DataView, start: number, end: number): number {
    const hash = hashOf(view, start, end)
    const slot = hash & (KNOWN - 1)
    const other = this.known[slot]
    if (other?.byteLength !== end - start || !isEqual(other, 0, view, start, end - start)) {
      const text = Buffer.from(new Uint8Array(view.buffer, view.byteOffset + start, end - start))
      if (!isUtf8(text) || !isCanonical(text.toString())) return -1
      if (text.length <= KNOWN_BYTES) this.known[slot] = viewOf(text)
    }
    this.views[TEXTS.dimensions] = view
    return this.found(TEXTS.dimensions, start, end, hash)
  }
}

function skip(view: DataView, at: number, { length, words }: Literal): number {
  if (at < 0 || at + length > view.byteLength) return -1
  const last = words.length - 1
  for (let i = 0; i < last; i++) if (view.getFloat64(at + i * 8, true) !== words[i]) return -1
  return view.getFloat64(at + length - 8, true) === words[last] ? at + length : -1
}

const isInText = (byte: number) => byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH

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
