import { TraceEventScanner } from '../../../templates/src/parquet/columnar/trace-events.ts'
import { traceEvents } from '../../../templates/src/processor/formats/cloudflare.ts'
import { random } from '../../support/generate.ts'
import { choices, createLines, createMutate, type Reading } from './lines.ts'

const OWN = 'own-script'
const CUT = '<<<Logpush: messages truncated>>>'

const PIECES = [
  ...[
    '"',
    '\\',
    '\\"',
    '\\\\',
    '\\n',
    '\\u0000',
    '\\u0073',
    '\\u005f',
    '\\u000a',
    '\\ud83d',
    '\\u003C',
    '\\x',
    ' ',
    '\r',
  ],
  ...[',', ':', '{', '}', '[', ']', '[]', '{}', 'null', 'true', '-', '0', '00', '1.5', '1e3', 'é', '\x00', '\ufeff'],
  ...['stoma_analytics', '\\"stoma_analytics\\"', '{"_type":"stoma_analytics"}', CUT, OWN, '"__proto__":1,'],
].map((text) => Buffer.from(text))
/** What an object may hold besides, and a list. */
const MEMBERS = [
  ...[
    '"Logs":[],',
    '"Logs":null,',
    '"logs":[],',
    '"Message":[],',
    '"Message":null,',
    '"message":"a",',
    '"":{},',
    '"a":[[]],',
  ],
  ...[`"ScriptName":"${OWN}",`, `"scriptName":"${OWN}",`, '"ScriptName":null,', '"ScriptName":"own\\u002dscript",'],
  ...[
    '"_type":"stoma_analytics",',
    '"a":"stoma_analytics",',
    '"Lo\\u0067s":[],',
    '"a":-0.10,',
    '"a":01,',
    '"a":1.,',
    '"a":"\\u00e9",',
  ],
]
/** Before these of its keys. */
const KEYS = ['"CPUTimeMs"', '"Outcome"', '"ScriptName"', '"Level"', '"Message"', '"TimestampMs"']
const ELEMENTS = [
  'null,',
  '1,',
  '"a",',
  '"é\\u2028",',
  '[],',
  '{},',
  '{"_type":"x"},',
  '"\\u001b[0m",',
  '"stoma_analytics",',
]

/** Events that hold lines of the policy, as Logpush writes them: `mutated` of them are changed on their way. */
export function createEvents(seed: number) {
  const next = random(seed)
  const { below, pick, cut } = choices(next)
  const mutate = createMutate(next, PIECES)
  const lines = createLines(seed)
  const words = () =>
    pick([
      '',
      'hello',
      'q"q\n',
      'b\\b',
      '\x1b[31mé',
      '日本',
      `much${CUT}`,
      { user: 7 },
      [[]],
      null,
      3.25,
      'an "stoma_analytics"',
      { _type: 'stoma_analytics' },
    ])
  function message(line: string): unknown {
    if (next() < 0.7) return [line]
    const cut = line.slice(0, below(line.length)) + CUT
    return pick([
      [words(), line],
      [[line], words()],
      line,
      [`${line}\n`],
      [line, line],
      [JSON.parse('{}')],
      [cut],
      words(),
    ])
  }
  function event(line: string): object {
    const TimestampMs = below(2 ** 41)
    const logs: object[] = [{ Level: 'log', Message: message(line), TimestampMs }]
    while (next() < 0.2) logs.splice(below(2), 0, { Level: 'warn', Message: [words(), words()], TimestampMs })
    const Request = {
      URL: pick(['https://a.example/p?q=1&r=<>', `https://é.example/${'x'.repeat(below(99))}`]),
      Method: 'GET',
    }
    const fields: [string, unknown][] = [
      ['CPUTimeMs', below(30)],
      ['Event', pick([null, {}, { RayID: '8f2a1c3b4d5e6f70', Request, Response: { Status: 200 } }])],
      ['EventTimestampMs', TimestampMs],
      ['Exceptions', pick([[], [], [{ Name: 'Error', Message: pick(['boom', '"stoma_analytics"']) }]])],
      ['Logs', pick([logs, logs, logs, [logs], logs[0], []])],
      ['Outcome', 'ok'],
      ['ScriptName', pick(['gateway', 'gateway', 'own', OWN, null])],
      ['ScriptVersion', { ID: '0f8fad5b' }],
    ]
    if (next() < 0.1) fields.splice(below(fields.length), 1)
    if (next() < 0.1) fields.reverse()
    return Object.fromEntries(fields)
  }
  /** The same event once more with other values, and another line for its entry. */
  function again(event: object, line: string): object {
    return JSON.parse(JSON.stringify(event), (_, value: unknown) => {
      if (typeof value === 'number') return next() < 0.02 ? 1e21 : below(1e6) / pick([1, -1000])
      if (typeof value !== 'string') return value
      if (value.startsWith('{"_type"')) return line
      return next() < 0.9
        ? value
        : pick(['', 'q"q', 'é', OWN, CUT, '"stoma_analytics"', 'a\u0001b', 'x'.repeat(below(99))])
    })
  }
  /** Puts something into an object or a list, escapes what needs no escape, or changes bytes anywhere. */
  function changed(line: Buffer): Buffer {
    const insert = (at: number, piece: string, replaced = 0) =>
      Buffer.concat([line.subarray(0, at), Buffer.from(piece), line.subarray(at + replaced)])
    const member = () => insert(Math.max(1, line.indexOf(pick(KEYS))), pick(MEMBERS))
    const element = () => insert(line.indexOf('[', below(line.length)) + 1 || 1, pick(ELEMENTS))
    const escaped = () => {
      const at = next() < 0.3 ? line.indexOf(pick(['-script', 'Logs', 'stoma', '_'])) : below(line.length)
      return at < 0 ? line : insert(at, `\\u${(line[at] ?? 0).toString(16).padStart(4, '0')}`, 1)
    }
    return pick([() => mutate(line), member, element, escaped])()
  }
  /** A few events as a block. */
  return function block(mutated: number): Buffer {
    let last: object = {}
    const events = Buffer.concat(
      lines(mutated / 4)
        .toString()
        .split('\n')
        .flatMap((text) => {
          last = next() < 0.3 ? event(text) : again(last, text)
          let line: Buffer = Buffer.from(JSON.stringify(last))
          while (next() < mutated) line = changed(line)
          return [line, Buffer.from('\n')]
        }),
    )
    return cut(events)
  }
}

/** Readings of these events, one that passes over those of its own script. */
export const EVENT_READINGS: readonly Reading[] = [undefined, OWN].map((ownScript) => {
  const scanner = new TraceEventScanner(ownScript)
  return { scanner, entries: scanner.entries, parseLine: traceEvents({ ownScript }) }
})
