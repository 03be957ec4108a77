import { describe, expect, it } from 'vitest'
import type { Row } from './duckdb.ts'
import { renderTable } from './table.ts'

const lines = (rows: Row[], options = {}, columns = 80) => renderTable(rows, options, { columns }).split('\n')

describe('a table', () => {
  it('puts numbers to the right and text to the left', () => {
    expect(
      lines([
        { route: '/', n: 5 },
        { route: '/users', n: 1234 },
      ]),
    ).toEqual(['route      n', '/          5', '/users  1234', ''])
  })

  it('leaves units out of the headers of a report, and puts such columns to the right', () => {
    const rows = [
      { p95_ms: '1.5 s', failed_pct: null, requests: 12_345 },
      { p95_ms: '34 ms', failed_pct: '<0.1 %', requests: 6 },
    ]
    expect(lines(rows, { report: true })).toEqual([
      '  p95  failed  requests',
      '1.5 s       –    12,345',
      '34 ms  <0.1 %         6',
      '',
    ])
  })

  it('leaves values as they are outside of a report', () => {
    expect(lines([{ p95_ms: 1530.25, at: '2026-01-01 00:00:00', list: [1, 2], none: null }])[1]).toBe(
      '1530.25  2026-01-01 00:00:00  [1,2]  NULL',
    )
  })

  it('cuts the longest text to fit, and never an id', () => {
    const row = { route: '/a/very/long/route/pattern', trace_id: '0123456789abcdef0123456789abcdef' }
    const [header, line] = lines([row], { report: true }, 50)
    expect(line).toBe('/a/very/long/ro…  0123456789abcdef0123456789abcdef')
    expect(header).toBe('route             trace')
  })

  it('shows control characters instead of sending them to the terminal', () => {
    expect(lines([{ route: '/\u001b[2J\n' }])[1]).toBe('/\\u001b[2J\\n')
  })

  it('has only its header where there is no row', () => {
    expect(lines([], { names: ['a', 'b'] })).toEqual(['a  b', ''])
  })
})
