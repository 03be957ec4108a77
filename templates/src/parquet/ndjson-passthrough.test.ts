import { describe, expect, it } from 'vitest'
import { columns } from '../schema.ts'
import type { AnalyticsEntry } from '../types.ts'
import { ndjsonPassthroughWriter } from './ndjson-passthrough.ts'

const entry = (timestamp: string, more: Partial<AnalyticsEntry> = {}): AnalyticsEntry => ({
  _type: 'stoma_analytics',
  timestamp,
  gatewayName: 'shop',
  routePath: '/users/:id',
  method: 'GET',
  statusCode: 200,
  durationMs: 1.5,
  responseSize: null,
  ...more,
})

async function rowsOf(entries: AnalyticsEntry[]) {
  const batch = ndjsonPassthroughWriter().open(columns)
  for (const one of entries) batch.add(one)
  const text = new TextDecoder().decode(await batch.finish({}))
  return text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []))
}

describe('the NDJSON writer', () => {
  it('writes one object a row, sorted by time, without the columns that are NULL', async () => {
    const dimensions = { region: 'eu "west"\n' }
    const rows = await rowsOf([
      entry('2024-05-01T10:00:01.000Z', { responseSize: 7, dimensions }),
      entry('2024-05-01T09:00:00+00:00'),
    ])
    const common = { gatewayName: 'shop', routePath: '/users/:id', method: 'GET', statusCode: 200, durationMs: 1.5 }
    expect(rows).toEqual([
      { timestamp: '2024-05-01T09:00:00.000Z', ...common },
      { timestamp: '2024-05-01T10:00:01.000Z', ...common, responseSize: 7, dimensions: JSON.stringify(dimensions) },
    ])
  })

  it('writes an empty file for no rows', async () => {
    expect(await rowsOf([])).toEqual([])
  })
})
