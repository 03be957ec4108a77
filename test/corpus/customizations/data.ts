import type { Customization } from './customization.ts'

/** What is stored, and how it is read from a line. */
export const data: Customization[] = [
  {
    title: 'A column for the plan',
    edit: (project) =>
      project.edit(
        'src/custom/columns.ts',
        'readonly Column[] = []',
        `readonly Column[] = [
  { name: 'plan', type: 'VARCHAR', value: (entry) => entry.dimensions?.plan },
  { name: 'cached', type: 'BOOLEAN', value: (entry) => entry.dimensions?.cache === 'hit' },
]`,
      ),
  },
  {
    title: 'Health checks are not traffic, and every row says which build it is of',
    edit: (project) =>
      project
        .create('src/custom/build.ts', "export const build = process.env.BUILD ?? 'unknown'\n")
        .edit('src/custom/transform.ts', "import type { AnalyticsEntry } from '../types.ts'", BUILD_IMPORTS)
        .edit('src/custom/transform.ts', '| undefined = undefined', BUILD_TRANSFORM),
  },
  {
    title: 'The host of a request becomes a column of its own',
    edit: (project) =>
      project
        .edit(
          'src/types.ts',
          '  statusCode: number\n',
          '  statusCode: number\n  /** As the client asked for it. */\n  host?: string\n',
        )
        .after(
          'src/schema.ts',
          "  { name: 'method', type: 'VARCHAR', value: (entry) => entry.method },",
          "  { name: 'host', type: 'VARCHAR', value: (entry) => entry.host },",
        )
        .after('src/policy/analytics.ts', '      method: c.req.method,', "      host: c.req.header('host'),")
        .after(
          'src/processor/formats/standard.ts',
          "  else if (traceId !== undefined && traceId !== null) return rejected('field', 'traceId must be a string')",
          "  if (typeof (value as { host?: unknown }).host === 'string') entry.host = (value as { host: string }).host",
        ),
  },
  {
    title: 'Durations are whole microseconds',
    edit: (project) =>
      project.edit(
        'src/schema.ts',
        "  { name: 'durationMs', type: 'DOUBLE', value: (entry) => entry.durationMs },",
        "  { name: 'durationUs', type: 'BIGINT', value: (entry) => Math.round(entry.durationMs * 1000) },",
      ),
  },
  {
    title: 'Lines of our Caddy servers are read too',
    edit: (project) =>
      project
        .create('src/processor/formats/caddy.ts', CADDY)
        .create('src/processor/formats/caddy.test.ts', CADDY_TEST)
        .edit('src/wiring.ts', './processor/formats/standard.ts', './processor/formats/caddy.ts'),
  },
  {
    title: 'Times without a zone are Berlin times, not UTC',
    edit: (project) =>
      project
        .edit('src/processor/formats/standard.ts', "offset = 'Z'] = match", "offset = '+01:00'] = match")
        .edit(
          'src/processor/formats/standard.test.ts',
          "['2026-03-04 05:06:07', '2026-03-04T05:06:07.000Z']",
          "['2026-03-04 05:06:07', '2026-03-04T04:06:07.000Z']",
        ),
  },
  {
    title: 'An entry without a gateway is one of the shop',
    edit: (project) =>
      project
        .edit(
          'src/processor/formats/standard.ts',
          'const { gatewayName, routePath,',
          "const { gatewayName = 'shop', routePath,",
        )
        .edit('src/processor/formats/standard.test.ts', '    { gatewayName: undefined },\n', ''),
  },
  {
    title: 'Entries of unknown tenants are rejected with a reason of their own',
    edit: (project) =>
      project
        .edit('src/types.ts', "'too-long' | 'truncated'", "'too-long' | 'truncated' | 'tenant'")
        .create('src/custom/tenants.ts', "export const tenants: ReadonlySet<string> = new Set(['shop', 'blog'])\n")
        .edit(
          'src/processor/entries.ts',
          "import { decode, readLines } from './lines.ts'",
          "import { tenants } from '../custom/tenants.ts'\nimport { decode, readLines } from './lines.ts'",
        )
        .after(
          'src/processor/entries.ts',
          "      else if (Date.parse(item.entry.timestamp) > latest) reject('future', item.entry.timestamp, text)",
          "      else if (!tenants.has(item.entry.gatewayName)) reject('tenant', item.entry.gatewayName, text)",
        ),
  },
  {
    title: 'A compacted file is called all.parquet',
    edit: (project) =>
      project
        .edit('src/lake/layout.ts', "'compacted.parquet'", "'all.parquet'")
        .edit('analytics.sql', '.compacted\\.parquet$|', '.all\\.parquet$|')
        .edit('analytics.sql', "-length('compacted.parquet')", "-length('all.parquet')")
        .each(
          (path) => path.startsWith('src/compactor/') && path.endsWith('.test.ts'),
          (text) => text.replaceAll('compacted.parquet', 'all.parquet'),
        ),
  },
]

const BUILD_IMPORTS = `import type { AnalyticsEntry } from '../types.ts'
import { build } from './build.ts'`

const BUILD_TRANSFORM = `| undefined = (entry) => {
  if (entry.routePath === '/health') return null
  return { ...entry, dimensions: { ...entry.dimensions, build } }
}`

const CADDY = `import type { ParsedLine } from '../../types.ts'
import { parseLine as parseStandard, toEntry } from './standard.ts'

/** Caddy's access log: one JSON object a line, with the request inside. Everything else is read as usual. */
export function parseLine(line: string): ParsedLine[] {
  const found = /^\\{"level":"info","ts":/.test(line) ? JSON.parse(line) : null
  if (!found?.request) return parseStandard(line)
  return [
    toEntry({
      _type: 'stoma_analytics',
      timestamp: found.ts,
      gatewayName: 'caddy',
      routePath: found.request.host,
      method: found.request.method,
      statusCode: found.status,
      durationMs: found.duration * 1000,
      responseSize: found.size,
    }),
  ]
}
`

const CADDY_TEST = `import { expect, it } from 'vitest'
import { entry } from '../../../test/fakes.ts'
import { parseLine } from './caddy.ts'

it('reads a line of Caddy', () => {
  const request = { host: 'shop.test', method: 'GET' }
  const line = { level: 'info', ts: 1772600767.89, request, status: 200, duration: 0.0125, size: 512 }
  expect(parseLine(JSON.stringify(line))).toMatchObject([
    { kind: 'entry', entry: { routePath: 'shop.test', durationMs: 12.5, responseSize: 512 } },
  ])
})

it('still reads ours', () => {
  expect(parseLine(JSON.stringify(entry()))).toEqual([{ kind: 'entry', entry: entry() }])
})
`
