import { isEqual } from './words.ts'

const MAX_BYTES = 1 << 12
const MAX_VALUES = 64

/**
 * What an event is apart from its values: the bytes between them. Where these come again, with a text or a number wherever
 * there was one, the JSON is built the same. Most events of a log share one shape, and need no walk.
 */
export class EventShape {
  values = 0
  /** By value, from the event's start: where it begins, behind the quote of a text, and where it ends, behind the other. */
  readonly starts = new Int32Array(MAX_VALUES)
  readonly ends = new Int32Array(MAX_VALUES)
  /** Which of the values is the entry, and which the script's name; -1 for none. */
  entry = -1
  script = -1
  /** The event that it was taken from. */
  readonly bytes = new Uint8Array(MAX_BYTES)
  length = 0
  private readonly view = new DataView(this.bytes.buffer)
  private start = 0

  /** Begins anew, with the event at `start`. */
  begin(start: number): void {
    this.start = start
    this.values = 0
    this.entry = -1
    this.script = -1
  }

  /** Notes the next value of the event; gives its end. */
  add(start: number, end: number): number {
    if (this.values < MAX_VALUES) {
      this.starts[this.values] = start - this.start
      this.ends[this.values] = end - this.start
    }
    this.values++
    return end
  }

  /** Keeps the event's bytes, which end at `end`; false where it is too large. */
  keep(lines: Uint8Array, end: number): boolean {
    this.length = end - this.start
    if (this.values > MAX_VALUES || this.length > MAX_BYTES) return false
    this.bytes.set(lines.subarray(this.start, end))
    return true
  }

  /** Whether the bytes from `from` to `to` of the event come again at `at`. */
  comesAgain(lines: DataView, at: number, from: number, to: number): boolean {
    const length = to - from
    return at + length <= lines.byteLength && isEqual(this.view, from, lines, at, length)
  }
}
