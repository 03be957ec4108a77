import { describe, expect, it } from 'vitest'
import { entry } from '../../../test/fakes.ts'
import { parseLine, toTimestamp } from './standard.ts'

const parse = (over: object) => parseLine(JSON.stringify({ ...entry(), ...over }))[0]

describe('standard format', () => {
  it('takes the entry as it is', () => {
    expect(parse({})).toEqual({ kind: 'entry', entry: entry() })
  })

  it.each([
    ['2026-03-04T05:06:07.890Z', '2026-03-04T05:06:07.890Z'],
    ['2026-03-04T05:06:07Z', '2026-03-04T05:06:07.000Z'],
    ['2026-03-04T05:06:07.890123456Z', '2026-03-04T05:06:07.890Z'],
    ['2026-03-04T05:06:07.89+02:00', '2026-03-04T03:06:07.890Z'],
    ['2026-03-04T05:06:07-0330', '2026-03-04T08:36:07.000Z'],
    ['2026-03-04 05:06:07', '2026-03-04T05:06:07.000Z'],
    ['0099-03-04T05:06:07.000Z', '0099-03-04T05:06:07.000Z'],
    [1772600767, '2026-03-04T05:06:07.000Z'],
    [1772600767890, '2026-03-04T05:06:07.890Z'],
    [1772600767890123, '2026-03-04T05:06:07.890Z'],
    [1772600767890123500, '2026-03-04T05:06:07.890Z'],
    ['2024-02-29T00:00:00.000Z', '2024-02-29T00:00:00.000Z'],
  ])('reads the time %s', (given, iso) => {
    expect(toTimestamp(given)).toBe(iso)
  })

  it.each([
    '',
    'yesterday',
    '2026-03-04',
    '2026-02-30T00:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2026-03-04T25:00:00.000Z',
    null,
    {},
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1e300,
  ])('rejects the time %j', (given) => {
    expect(toTimestamp(given)).toBeNull()
    expect(parse({ timestamp: given })).toMatchObject({ kind: 'rejected', reason: 'timestamp' })
  })

  it.each([
    { statusCode: '200' },
    { statusCode: 200.5 },
    { statusCode: -1 },
    { durationMs: null },
    { durationMs: -1 },
    { durationMs: '3' },
    { responseSize: 2 ** 53 + 2 },
    { responseSize: 1.5 },
    { responseSize: 'large' },
    { gatewayName: undefined },
    { routePath: 7 },
    { method: null },
    { traceId: 7 },
    { dimensions: 'eu' },
  ])('rejects the wrong type in %j', (over) => {
    expect(parse(over)).toMatchObject({ kind: 'rejected', reason: 'field' })
  })

  it('takes what nobody knows as null or absent', () => {
    const { traceId, ...without } = entry({ responseSize: null })
    expect(parse({ responseSize: undefined, traceId: null, dimensions: null })).toEqual({
      kind: 'entry',
      entry: without,
    })
    expect(traceId).toBeDefined()
  })

  it('keeps dimensions flat without losing any', () => {
    const line = JSON.stringify(entry()).replace(/}$/, ',"dimensions":{"__proto__":"p","a":{"b":1},"c":null,"d":true}}')
    const [parsed] = parseLine(line)
    const labels = parsed?.kind === 'entry' ? Object.entries(parsed.entry.dimensions ?? {}) : []
    expect(labels).toEqual([
      ['__proto__', 'p'],
      ['a', '{"b":1}'],
      ['d', true],
    ])
  })

  it('leaves the lines of others alone', () => {
    for (const line of ['{"_type":"other"}', '"stoma_analytics"', '["stoma_analytics"]', 'null'])
      expect(parseLine(line)).toEqual([{ kind: 'foreign' }])
  })

  it('rejects a line cut short', () => {
    expect(parseLine(JSON.stringify(entry()).slice(0, 60))[0]).toMatchObject({ kind: 'rejected', reason: 'json' })
  })
})
