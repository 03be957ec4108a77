import type { LineScanner } from '../../types.ts'
import { ArgumentScanner } from './argument-scanner.ts'
import { EventShape } from './event-shape.ts'
import { begins, isNumber, skipLiteral, skipNumber, skipString } from './json-bytes.ts'
import { viewOf } from './words.ts'

const TAG = 'stoma_analytics'
/** How an argument begins that is a line of the policy, with its quote. */
const ARGUMENT_HEAD = Buffer.from(JSON.stringify(`{"_type":"${TAG}","timestamp":"`).slice(0, -1))
const MAX_DEPTH = 32

/** The keys that lead from an event to the arguments of `console.log`; lists on the way, of any depth, change nothing. */
const PATH = ['"Logs":', '"Message":'].map((key) => Buffer.from(key))
const [EVENT, ARGUMENT, ELSEWHERE] = [0, 2, 3] as const
/** Without its first letter, which is of either case. */
const SCRIPT_NAME = Buffer.from('criptName":')

const [NEWLINE, QUOTE, COMMA, COLON, BACKSLASH] = [0x0a, 0x22, 0x2c, 0x3a, 0x5c] as const
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d] as const

/**
 * Reads Workers Trace Events of which one argument is an entry, as the policy prints it: the event is walked as compact
 * JSON, and `entries` scans the argument and has its fields. Whatever is spelled otherwise is left to `parseLine`.
 */
export class TraceEventScanner implements LineScanner {
  readonly entries = new ArgumentScanner()
  /** The value of `ScriptName` in events that `parseLine` passes over. */
  private readonly ownScript: Uint8Array | undefined
  private lines: Uint8Array = new Uint8Array()
  private view: DataView = new DataView(new ArrayBuffer(0))
  /** No line before this one has a tag, as far as it was asked. */
  private tagged = 0
  /** Of an event that was walked to its end; and of the one that is walked. */
  private known = new EventShape()
  private walked = new EventShape()
  /** Whether another argument was met, which may hold what it likes: then no shape is kept. */
  private hasOthers = false

  constructor(ownScript?: string) {
    if (ownScript !== undefined) this.ownScript = Buffer.from(JSON.stringify(ownScript))
  }

  get timestamp(): number {
    return this.entries.timestamp
  }

  scan(lines: Uint8Array, start: number): number {
    if (lines !== this.lines) {
      this.lines = lines
      this.view = viewOf(lines)
      this.tagged = 0
    }
    // Where a line end is sure to come, no walk runs out of the block.
    if (start < this.tagged || lines[lines.length - 1] !== NEWLINE || lines[start] !== OBJECT) return -1
    let end = this.follow(start)
    if (end < 0) end = this.hasTag(start) ? this.walk(start) : -1
    return end > 0 && lines[end] === NEWLINE ? end + 1 : -1
  }

  /** Where an event ends that has the known shape, its entry scanned; -1 for any other. */
  private follow(start: number): number {
    const { lines, view, known } = this
    let at = start
    let from = 0
    for (let i = 0; i < known.values; i++) {
      const to = known.starts[i] as number
      if (!known.comesAgain(view, at, from, to)) return -1
      at += to - from
      if (i === known.entry) at = this.entries.scan(lines, at)
      else if (known.bytes[to - 1] !== QUOTE) at = skipNumber(lines, at)
      else if (i === known.script && this.mayBeOwn(at - 1)) return -1
      else at = skipString(lines, view, at)
      if (at < 0) return -1
      from = known.ends[i] as number
    }
    return from > 0 && known.comesAgain(view, at, from, known.length) ? at + known.length - from : -1
  }

  /** Whether the line at `start` has a tag. Looks up to the next one, so that of many lines without only the first asks. */
  private hasTag(start: number): boolean {
    const { lines } = this
    const block = Buffer.from(lines.buffer, lines.byteOffset, lines.length)
    const tag = block.indexOf(TAG, start, 'latin1')
    this.tagged = tag < 0 ? lines.length : block.lastIndexOf(NEWLINE, tag) + 1
    return this.tagged <= start
  }

  /** Where an event of any shape ends, its entry scanned; -1 where it is no JSON, or has not just one entry. */
  private walk(start: number): number {
    const { walked } = this
    walked.begin(start)
    this.hasOthers = false
    const end = this.object(start, EVENT, 0)
    if (end < 0 || walked.entry < 0) return -1
    if (!this.hasOthers && walked.keep(this.lines, end)) {
      this.walked = this.known
      this.known = walked
    }
    return end
  }

  /** Where the value ends that begins at `at`; -1 where it is not as it should be. So do the methods below. */
  private value(at: number, step: number, depth: number): number {
    const byte = this.lines[at] as number
    if (byte === LIST) return this.list(at, step, depth + 1)
    if (step === ARGUMENT) return this.argument(at, depth)
    if (byte === OBJECT) return this.object(at, step, depth + 1)
    if (byte === QUOTE) return this.walked.add(at + 1, skipString(this.lines, this.view, at + 1))
    return isNumber(byte) ? this.walked.add(at, skipNumber(this.lines, at)) : skipLiteral(this.lines, at)
  }

  private list(start: number, step: number, depth: number): number {
    const { lines } = this
    if (depth === MAX_DEPTH) return -1
    if (lines[start + 1] === LIST_END) return start + 2
    let at = start
    do {
      at = this.value(at + 1, step, depth)
      if (at < 0) return -1
    } while (lines[at] === COMMA)
    return lines[at] === LIST_END ? at + 1 : -1
  }

  private object(start: number, step: number, depth: number): number {
    const { lines, view } = this
    if (depth === MAX_DEPTH) return -1
    if (lines[start + 1] === OBJECT_END) return start + 2
    const wanted = PATH[step]
    let isMet = false
    let at = start
    do {
      const key = at + 1
      if (wanted && begins(lines, key, wanted)) {
        // Of two such keys, JSON.parse takes the last one.
        if (isMet) return -1
        isMet = true
        at = this.value(key + wanted.length, step + 1, depth)
      } else {
        const colon = lines[key] === QUOTE ? skipString(lines, view, key + 1) : -1
        if (colon < 0 || lines[colon] !== COLON) return -1
        if (step === EVENT && begins(lines, key + 2, SCRIPT_NAME)) {
          if (this.walked.script >= 0 || this.mayBeOwn(colon + 1)) return -1
          this.walked.script = this.walked.values
        }
        at = this.value(colon + 1, ELSEWHERE, depth)
      }
      if (at < 0) return -1
    } while (lines[at] === COMMA)
    return lines[at] === OBJECT_END ? at + 1 : -1
  }

  private mayBeOwn(at: number): boolean {
    const { lines, ownScript } = this
    if (!ownScript) return false
    let i = 0
    while (i < ownScript.length && lines[at + i] === ownScript[i]) i++
    return i === ownScript.length || lines[at + i] === BACKSLASH
  }

  /** The entry, or what certainly holds none. */
  private argument(start: number, depth: number): number {
    const { lines, walked } = this
    if (begins(lines, start, ARGUMENT_HEAD)) {
      if (walked.entry >= 0) return -1
      walked.entry = walked.values
      return walked.add(start + 1, this.entries.scan(lines, start + 1))
    }
    this.hasOthers = true
    const end = this.value(start, ELSEWHERE, depth)
    return end - start < TAG.length || !Buffer.from(lines.subarray(start, end)).includes(TAG) ? end : -1
  }
}
