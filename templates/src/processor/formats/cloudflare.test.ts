import { describe, expect, it } from 'vitest'
import { entry, memoryLogs, testLake } from '../../../test/fakes.ts'
import { traceEvents } from './cloudflare.ts'

const CUT = '<<<Logpush: messages truncated>>>'
const line = JSON.stringify(entry())

/** An event of the gateway as Logpush writes it; `over` replaces what a test is about. */
const eventWith = (over: object = {}) => ({
  Event: { RayID: '9f', Request: { URL: 'https://shop.example/products/7', Method: 'GET' }, Response: { Status: 200 } },
  EventTimestampMs: 1772600767890,
  EventType: 'fetch',
  Exceptions: [],
  Logs: [{ Level: 'log', Message: [line], TimestampMs: 1772600767902 }],
  Outcome: 'ok',
  ScriptName: 'shop',
  ...over,
})
const parse = (over?: object) => traceEvents({ ownScript: 'analytics' })(JSON.stringify(eventWith(over)))
const messages = (...all: unknown[]) => parse({ Logs: all.map((Message) => ({ Level: 'log', Message })) })

describe('trace events', () => {
  it.each([
    ['a string', line],
    ['an object', entry()],
    ['a list of one string', [line]],
    ['a list of one object', [entry()]],
    ['several arguments', ['[shop]', line, { user: 7 }, null, 3]],
    ['a list in a list', [['[shop]', line]]],
    ['a line with a line break', [`${line}\n`]],
  ])('holds an entry in a message that is %s', (_, message) => {
    expect(messages(message)).toEqual([{ kind: 'entry', entry: entry() }])
  })

  it('reads names that begin in lower case', () => {
    const event = { scriptName: 'shop', logs: [{ level: 'log', message: line }] }
    expect(traceEvents()(JSON.stringify(event))).toEqual([{ kind: 'entry', entry: entry() }])
  })

  it('reads events that had no request: crons, queues, alarms', () => {
    for (const EventType of ['scheduled', 'queue', 'alarm', 'email'])
      expect(parse({ EventType, Event: null })).toEqual([{ kind: 'entry', entry: entry() }])
  })

  it('gives every entry of an event', () => {
    const other = entry({ routePath: '/cart' })
    expect(messages([line], ['hello'], [JSON.stringify(other)], [`${line}\n${line}`])).toEqual([
      { kind: 'entry', entry: entry() },
      { kind: 'entry', entry: other },
      { kind: 'entry', entry: entry() },
      { kind: 'entry', entry: entry() },
    ])
  })

  it('passes over its own events, so that it never reads itself', () => {
    expect(parse({ ScriptName: 'analytics' })).toEqual([{ kind: 'foreign' }])
  })

  it('takes an entry whose "${" Logpush made harmless', () => {
    // The option for CVE-2021-44228 writes x{ instead.
    const found = messages([JSON.stringify(entry({ routePath: '/a/x{b}' }))])
    expect(found).toMatchObject([{ kind: 'entry', entry: { routePath: '/a/x{b}' } }])
  })

  it('takes a plain entry that lies among the events', () => {
    expect(traceEvents()(line)).toEqual([{ kind: 'entry', entry: entry() }])
  })

  it.each([
    ['no logs', { Logs: [] }],
    ['logs that are none', { Logs: null }],
    ['words about entries', { Logs: [{ Message: ['stoma_analytics is on'] }] }],
    ['an entry of somebody else', { Logs: [{ Message: ['{"_type":"not stoma_analytics"}'] }] }],
    ['an exception about entries', { Logs: [], Exceptions: [{ Name: 'Error', Message: line }] }],
  ])('leaves an event with %s alone', (_, over) => {
    expect(parse(over)).toEqual([{ kind: 'foreign' }])
  })

  it('leaves what is no event alone', () => {
    for (const other of ['{"content":"test"}', 'null', '7', '[]', '"stoma_analytics"'])
      expect(traceEvents()(other)).toEqual([{ kind: 'foreign' }])
  })

  it('counts an entry that Logpush cut off, whole or in part', () => {
    const lost = [{ kind: 'rejected', reason: 'truncated' }]
    expect(messages(['hello'], [`${line.slice(0, 90)}${CUT}`])).toMatchObject(lost)
    expect(messages(['a long stor', CUT])).toMatchObject(lost)
    expect(messages([line], [`hel${CUT}`])).toMatchObject([{ kind: 'entry' }])
  })

  it('counts what is not JSON, outside and inside', () => {
    const [json] = [[{ kind: 'rejected', reason: 'json' }]]
    expect(traceEvents()(JSON.stringify(eventWith()).slice(0, -40))).toMatchObject(json)
    expect(messages([line.slice(0, -5)])).toMatchObject(json)
    expect(messages([JSON.stringify({ ...entry(), statusCode: '200' })])).toMatchObject([{ reason: 'field' }])
  })

  it('reaches the lake, and every line is in the books', async () => {
    const events = [
      eventWith(),
      eventWith({ ScriptName: 'analytics' }),
      eventWith({ Logs: [{ Message: [line] }, { Message: [line] }] }),
      eventWith({ Logs: [{ Message: [`much${CUT}`] }] }),
      eventWith({ Logs: [] }),
      { content: 'test' },
    ]
    const logs = memoryLogs({ '20260304/a.log.gz': events.map((event) => `${JSON.stringify(event)}\n`).join('') })
    const result = await testLake(logs).ingest({ parseLine: traceEvents({ ownScript: 'analytics' }) })
    expect(result).toMatchObject({ lines: 6, entries: 3, rows: 3, foreign: 3, rejected: { truncated: 1 }, errors: [] })
  })
})
