import { EntryScanner, FIELDS } from '../../../templates/src/parquet/columnar/scan.ts'
import { hashOf } from '../../../templates/src/parquet/columnar/words.ts'
import { parseLine } from '../../../templates/src/processor/formats/standard.ts'
import { decode } from '../../../templates/src/processor/lines.ts'
import { columns } from '../../../templates/src/schema.ts'
import type { Column, LineScanner, ParseLine } from '../../../templates/src/types.ts'
import { random } from '../../support/generate.ts'

const PIECES = [
  ...[
    '"',
    '\\',
    '\\"',
    '\\u0000',
    '\\ud800',
    '\n',
    '\r',
    '\t',
    ' ',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '{}',
    'null',
    'true',
  ],
  ...['0', '-', '-0', '00', '1.', '.5', '1e3', '1E400', '12345678901234567', '0.1234567890123456', '9007199254740993'],
  ...['é', '😀', '\u2028', '\ufeff', '\x7f', '\x00', '\x1f', '"a":1,', '"__proto__":"x",', '"1":2,', '"traceId":"x",'],
  ...['2026-02-29T', '2026-02-30T', '24:00:00', '23:59:60', '+02:00', 'Z', '.5', '"_type":"stoma_analytics"', ',"x":1'],
].map((text) => Buffer.from(text))

/** Lines as the policy writes them, and what may become of them on their way: `mutated` of them, the others as they were. */
export function createLines(seed: number) {
  const next = random(seed)
  const { below, pick, cut } = choices(next)
  const mutate = createMutate(next, PIECES)
  const text = () =>
    pick(['GET', 'edge', '/products/:id', '/ümlaut', '', '日本', '😀', 'a'.repeat(below(300)), 'q"q', 'b\\b'])
  const label = () => pick(['eu', '', 5, 0, -0.5, 1e21, true, false, null, '}', 'é', { a: 1 }, '\ud800'])
  function line(): Buffer {
    const duration = pick([0, below(5000), below(5_000_000) / 1000, next() * 1000, 1e-7, 1e21, below(100) / 4])
    const entry: Record<string, unknown> = {
      _type: 'stoma_analytics',
      timestamp: new Date(
        Date.UTC(2020 + below(8), below(12), 1 + below(31), below(24), below(60), below(60), below(1000)),
      ),
      gatewayName: text(),
      routePath: text(),
      method: text(),
      statusCode: pick([200, 404, 0, 999, 1000, below(600)]),
      durationMs: duration,
      responseSize: pick([null, 0, below(1e6), 2 ** 53, 2 ** 53 - 1, below(1e15)]),
    }
    if (next() < 0.7)
      entry.traceId = pick([
        text(),
        below(2 ** 31)
          .toString(16)
          .padStart(32, '0'),
      ])
    if (next() < 0.5) {
      const labels: Record<string, unknown> = {}
      for (let i = below(4); i > 0; i--) labels[pick(['region', 'plan', 'a', '1', 'é', '__proto__', ''])] = label()
      entry.dimensions = labels
    }
    return Buffer.from(JSON.stringify(entry))
  }
  /** A few lines as a block; some are mutated, once or twice. */
  return function block(mutated: number): Buffer {
    const lines: Buffer[] = []
    for (let i = 1 + below(20); i > 0; i--) {
      let one = line()
      while (next() < mutated) one = mutate(one)
      lines.push(one, Buffer.from('\n'))
    }
    return cut(Buffer.concat(lines))
  }
}

export function choices(next: () => number) {
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: <T>(from: readonly T[]) => from[below(from.length)] as T,
    /** The last line of a log may lack its end. */
    cut: (block: Buffer) => (next() < 0.3 ? block.subarray(0, below(block.length)) : block),
  }
}

/** What may become of some bytes: less, more, or others. */
export function createMutate(next: () => number, pieces: readonly Buffer[]) {
  const { below, pick } = choices(next)
  return (line: Buffer): Buffer => {
    const at = below(line.length + 1)
    switch (below(7)) {
      case 0:
        return Buffer.concat([line.subarray(0, at), line.subarray(at + 1 + below(8))])
      case 1:
        return Buffer.concat([line.subarray(0, at), pick(pieces), line.subarray(at)])
      case 2:
        return Buffer.concat([line.subarray(0, at), pick(pieces), line.subarray(at + 1 + below(4))])
      case 3: {
        const copy = Buffer.from(line)
        copy[Math.min(at, line.length - 1)] = below(256)
        return copy
      }
      case 4: {
        const copy = Buffer.from(line)
        const digit = [...copy.keys()].filter((i) => (copy[i] as number) >= 48 && (copy[i] as number) <= 57)
        copy[pick(digit)] = 48 + below(10)
        return copy
      }
      case 5:
        return line.subarray(0, at)
      default: {
        const from = below(line.length)
        return Buffer.concat([line.subarray(0, at), line.subarray(from, from + below(30)), line.subarray(at)])
      }
    }
  }
}

/** A scanner, what has the fields of the line that it took, and what reads the same lines without it. */
export interface Reading {
  scanner: LineScanner
  entries: EntryScanner
  parseLine: ParseLine
}

const entries = new EntryScanner()
const POLICY: Reading = { scanner: entries, entries, parseLine }

/** Throws where the scanner takes a line that `parseLine` reads otherwise. Counts lines, and those taken. */
export function compareScan(
  block: Buffer,
  counts: { lines: number; taken: number },
  { scanner, entries, parseLine }: Reading = POLICY,
): void {
  for (let start = 0; start < block.length; ) {
    const found = block.indexOf(10, start)
    const newline = found < 0 ? block.length : found
    const line = block.subarray(start, newline)
    const next = scanner.scan(block, start)
    counts.lines++
    if (next >= 0) {
      counts.taken++
      const told = () => `${JSON.stringify(line.toString())} (hex ${line.toString('hex')})`
      if (next !== newline + 1) throw new Error(`the scanner ends at ${next}, the line at ${newline}: ${told()}`)
      const text = decode(line)
      const [parsed, ...others] = text === null ? [] : parseLine(text)
      if (parsed?.kind !== 'entry' || others.length > 0) throw new Error(`taken, but ${parsed?.kind}: ${told()}`)
      const expected = columns.map((column) => column.value(parsed.entry) ?? null)
      const scanned = columns.map((column) => scannedField(entries, column))
      for (const [i, value] of scanned.entries())
        if (!Object.is(value, expected[i]))
          throw new Error(`${columns[i]?.name}: scanned ${value}, parsed ${expected[i]}: ${told()}`)
      if (scanner.timestamp !== Date.parse(parsed.entry.timestamp)) throw new Error(`another time: ${told()}`)
    }
    start = newline + 1
  }
}

function scannedField(scanner: EntryScanner, { field, type }: Column): string | number | null {
  const i = FIELDS[field as keyof typeof FIELDS]
  if (type === 'VARCHAR') {
    const start = scanner.starts[i] as number
    if (start < 0) return null
    const view = scanner.views[i] as DataView
    const { buffer, byteOffset } = view
    const end = scanner.ends[i] as number
    if (hashOf(view, start, end) !== scanner.hashes[i]) throw new Error(`${field}: the hash of another text`)
    return Buffer.from(buffer, byteOffset + start, end - start).toString()
  }
  const value = scanner.numbers[i] as number
  return Number.isNaN(value) ? null : value
}
