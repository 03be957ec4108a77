import { EntryScanner, literals } from './scan.ts'
import { viewOf } from './words.ts'

/** Larger labels are left to `parseLine`: logs and exceptions of an event share 16,384 characters. */
const MAX_LABELS = 1 << 14
const [NEWLINE, QUOTE, BACKSLASH, CLOSE] = [0x0a, 0x22, 0x5c, 0x7d] as const

/** Reads lines of the policy where they are a string of JSON, from behind its quote: each quote of theirs is escaped. */
export class ArgumentScanner extends EntryScanner {
  /** The labels, unescaped. */
  private readonly bytes = new Uint8Array(MAX_LABELS)
  private readonly unescaped = viewOf(this.bytes)

  constructor() {
    super(literals('\\"', '"'))
  }

  protected override dimensions(start: number): number {
    const { lines, bytes } = this
    let length = 0
    for (let at = start; length < MAX_LABELS; at++) {
      const isEscaped = lines[at] === BACKSLASH
      if (isEscaped) at++
      const byte = lines[at] as number
      if (isEscaped !== (byte === QUOTE) || byte === NEWLINE) return -1
      bytes[length++] = byte
      if (byte === CLOSE) return this.labels(this.unescaped, 0, length) < 0 ? -1 : at + 1
    }
    return -1
  }
}
