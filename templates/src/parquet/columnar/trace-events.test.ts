import { describe, expect, it } from 'vitest'
import { entry } from '../../../test/fakes.ts'
import { TraceEventScanner } from './trace-events.ts'

const line = JSON.stringify(entry())
const eventOf = (message: unknown, over: object = {}) =>
  JSON.stringify({
    Event: { RayID: '9f', Request: { URL: 'https://shop.example/ü?a=1', Method: 'GET' }, Response: { Status: 200 } },
    Logs: [
      { Level: 'log', Message: ['[shop] "ready"\n', { user: 7 }], TimestampMs: 1772600767901 },
      { Level: 'log', Message: message, TimestampMs: 1772600767902 },
    ],
    Outcome: 'ok',
    ScriptName: 'shop',
    ...over,
  })
/** How many bytes of the line are taken. */
function scan(text: string, scanner = new TraceEventScanner('analytics')): number {
  return scanner.scan(Buffer.from(text), 0)
}

describe('the scanner of trace events', () => {
  it('takes an event with one entry, whatever else the Worker printed', () => {
    const scanner = new TraceEventScanner('analytics')
    for (const message of [line, [line], ['[shop]', line, { user: 7 }, null, -3.5], [['[shop]'], [line]]]) {
      const event = `${eventOf(message)}\n`
      expect(scan(event, scanner)).toBe(Buffer.byteLength(event))
      expect(scanner.timestamp).toBe(Date.parse(entry().timestamp))
    }
  })

  it('takes one line after another, whether they are built alike or not', () => {
    const alike = (over?: object) => eventOf([], { Logs: [{ Level: 'log', Message: [line], TimestampMs: 7 }], ...over })
    const events: [string, boolean][] = [
      [alike(), true],
      [alike({ Outcome: 'exceededCpu' }), true],
      [alike({ Outcome: null }), true],
      [alike({ ScriptName: 'analytics' }), false],
      [eventOf(['hello']), false],
      [alike().replace('TimestampMs":7', 'TimestampMs":7.'), false],
      [eventOf([line]), true],
      [alike(), true],
    ]
    const scanner = new TraceEventScanner('analytics')
    const block = Buffer.from(events.map(([event]) => `${event}\n`).join(''))
    const taken: boolean[] = []
    for (let start = 0; start < block.length; start = block.indexOf('\n', start) + 1)
      taken.push(scanner.scan(block, start) === block.indexOf('\n', start) + 1)
    expect(taken).toEqual(events.map(([, isTaken]) => isTaken))
  })

  it.each([
    ['of its own Worker', eventOf([line], { ScriptName: 'analytics' })],
    ['of its own Worker, spelled otherwise', eventOf([line], { ScriptName: undefined, scriptName: 'analytics' })],
    ['without an entry', eventOf(['hello'])],
    ['with two entries', eventOf([line, line])],
    ['with an entry and an object that is one', eventOf([line, entry()])],
    ['with an entry in an object', eventOf([{ line }])],
    ['with an entry that was cut', eventOf([`${line.slice(0, 90)}<<<Logpush: messages truncated>>>`])],
    ['with an entry whose texts are escaped', eventOf([JSON.stringify(entry({ routePath: '/a"b' }))])],
    ['with a text that another escape ends', eventOf([line]).replace('\\",\\"routePath', '\\/,\\"routePath')],
    ['whose keys come twice', eventOf([line]).replace('"Logs":', '"Logs":[],"Logs":')],
    ['with spaces', eventOf([line]).replace(',', ', ')],
    ['with escaped letters', eventOf([line]).replace('RayID', 'RayI\\u0044')],
    ['that is no JSON', eventOf([line]).replace('{"Event"', '{Event')],
    ['that is cut', eventOf([line]).slice(0, -1)],
    ['that is nested deeply', eventOf([line], { a: JSON.parse(`${'['.repeat(99)}${']'.repeat(99)}`) })],
  ])('leaves an event %s to the parser', (_, event) => {
    expect(scan(`${event}\n`)).toBe(-1)
  })

  it('leaves lines that end otherwise, and bytes that are no UTF-8, to the parser', () => {
    const event = eventOf([line])
    for (const end of ['', '\r\n', ' \n', '{}\n']) expect(scan(event + end)).toBe(-1)
    const bytes = Buffer.from(`${event}\n`)
    bytes[bytes.indexOf('ü')] = 0xff
    expect(new TraceEventScanner().scan(bytes, 0)).toBe(-1)
    expect(scan(`\ufeff${event}\n`)).toBe(-1)
  })
})
