import type { Customization } from './customization.ts'

/** The commands: jobs, reports, queries. */
export const jobs: Customization[] = [
  {
    title: 'A heartbeat after each job',
    edit: (project) =>
      project
        .create('src/worker/heartbeat.ts', HEARTBEAT)
        .edit(
          'src/worker/standalone.ts',
          "import { type Flags, runCommand, UsageError } from './settings.ts'",
          "import { heartbeat } from './heartbeat.ts'\nimport { type Flags, runCommand, UsageError } from './settings.ts'",
        )
        .edit(
          'src/worker/standalone.ts',
          '  return result.errors.length ? 1 : 0',
          '  await heartbeat(name, result.errors.length === 0)\n  return result.errors.length ? 1 : 0',
        ),
  },
  {
    title: 'Every run leaves metrics for Prometheus',
    edit: (project) =>
      project
        .create('src/worker/metrics.ts', METRICS)
        .create('src/worker/metrics.test.ts', METRICS_TEST)
        .edit(
          'src/worker/standalone.ts',
          "import { type Job, type JobResult, wire } from '../wiring.ts'",
          "import { type Job, type JobResult, wire } from '../wiring.ts'\nimport { writeMetrics } from './metrics.ts'",
        )
        .edit(
          'src/worker/standalone.ts',
          "  if (showsProgress) process.stderr.write('\\r\\x1b[K')\n",
          "  if (showsProgress) process.stderr.write('\\r\\x1b[K')\n  if (process.env.METRICS) writeMetrics(process.env.METRICS, name, result)\n",
        ),
  },
  {
    title: 'An age may be given in weeks',
    edit: (project) =>
      project
        .edit('src/worker/settings.ts', 'd: 24 * 3600_000 }', 'd: 24 * 3600_000, w: 7 * 24 * 3600_000 }')
        .edit('src/worker/settings.ts', '/^(\\d+)([smhd])?$/', '/^(\\d+)([smhdw])?$/')
        .create('src/worker/settings.test.ts', WEEKS_TEST),
  },
  {
    title: 'What is captured is seen on the terminal, too',
    edit: (project) =>
      project
        .edit(
          'src/worker/capture.ts',
          'async function write(bytes: Buffer): Promise<void> {\n',
          'async function write(bytes: Buffer): Promise<void> {\n  if (process.env.ECHO) process.stderr.write(bytes)\n',
        )
        .edit('src/worker/capture.ts', 'setTimeout(stop, 1000)', 'setTimeout(stop, 3000)'),
  },
  {
    title: 'Nobody captures: the command goes',
    edit: (project) =>
      project.remove('src/worker/capture.ts').json('package.json', ({ scripts }) => {
        delete scripts.capture
      }),
  },
  {
    title: 'Raw logs are not kept, so replay goes',
    edit: (project) =>
      project
        .remove('src/compactor/replay.ts', 'src/compactor/replay.test.ts')
        .edit('src/wiring.ts', "import { createReplay, type ReplayResult } from './compactor/replay.ts'\n", '')
        .edit('src/wiring.ts', 'IngestResult | CompactResult | ReplayResult', 'IngestResult | CompactResult')
        .edit(
          'src/wiring.ts',
          "import { parseTime, UsageError } from './worker/settings.ts'",
          "import { parseTime } from './worker/settings.ts'",
        )
        .edit('src/wiring.ts', REPLAY_JOB, '')
        .edit(
          'test/fake-merger.ts',
          "import { createReplay, type ReplayOptions } from '../src/compactor/replay.ts'\n",
          '',
        )
        .edit('test/fake-merger.ts', "import { parseLine } from '../src/processor/formats/standard.ts'\n", '')
        .edit('test/fake-merger.ts', 'type FakeFile, fakeWriter, testLake', 'type FakeFile, testLake')
        .edit('test/fake-merger.ts', FAKE_REPLAY, '')
        .json('package.json', ({ scripts }) => {
          delete scripts.replay
        }),
  },
  {
    title: 'A table of the report: plans',
    edit: (project) =>
      project
        .create('sql/report/7-plans.sql', PLANS)
        .edit(
          'README.md',
          '## What is in an entry, and what is not',
          '## Our plans\n\nThe table is `sql/report/7-plans.sql`.\n\n## What is in an entry, and what is not',
        ),
  },
  {
    title: 'Routes by their 99.9th percentile, fifty of them',
    edit: (project) =>
      project
        .edit('sql/report/3-routes.sql', 'LIMIT 20;', 'LIMIT 50;')
        .edit(
          'sql/report/3-routes.sql',
          '  ms(quantile_cont(durationMs, 0.99)) AS p99_ms,',
          '  ms(quantile_cont(durationMs, 0.999)) AS p999_ms,',
        ),
  },
  {
    title: 'Two tables of the report nobody reads',
    edit: (project) => project.remove('sql/report/5-slowest.sql', 'sql/report/6-rejected.sql'),
  },
  {
    title: 'The report is written as CSV where asked for',
    edit: (project) =>
      project
        .edit(
          'query/report.ts',
          "type Row, readSql, withLake } from './duckdb.ts'",
          "type Row, readSql, withLake } from './duckdb.ts'\nimport { csv } from './csv.ts'",
        )
        .edit(
          'query/report.ts',
          '    write(json ?',
          "    if (process.env.FORMAT === 'csv') text = Object.values(tables).map(csv).join('\\n')\n    write(json ?",
        )
        .create('query/csv.ts', CSV)
        .create('query/csv.test.ts', CSV_TEST),
  },
  {
    title: 'A command of our own: the day in one number',
    edit: (project) =>
      project
        .create('query/today.ts', TODAY)
        .edit(
          'query/cli.ts',
          "import { runReport } from './report.ts'",
          "import { runReport } from './report.ts'\nimport { runToday } from './today.ts'",
        )
        .edit(
          'query/cli.ts',
          '    verify: () => runVerify(lake, flags),',
          '    verify: () => runVerify(lake, flags),\n    today: () => runToday(lake),',
        )
        .json('package.json', ({ scripts }) => {
          scripts.today = 'node --import tsx query/cli.ts today'
        }),
  },
  {
    title: 'The queries run with four gigabytes and two threads',
    edit: (project) =>
      project.edit(
        'query/duckdb.ts',
        "      `SET TimeZone = 'UTC'; SET",
        "      `SET memory_limit = '4GB'; SET threads = 2; SET TimeZone = 'UTC'; SET",
      ),
  },
  {
    title: 'Tables are ours: ejected, with lines around them',
    ejected: ['query/table.ts', 'query/table.test.ts'],
    edit: (project) =>
      project
        .edit('query/table.ts', "fitted.join('  ').trimEnd()", "fitted.join(' | ').trimEnd()")
        .remove('query/table.test.ts'),
  },
]

const HEARTBEAT = `/** Tells the watchdog that a job has ended. Never fails: a watchdog that is down is no reason to stop. */
export async function heartbeat(job: string, wentWell: boolean): Promise<void> {
  const { HEARTBEAT_URL } = process.env
  if (HEARTBEAT_URL) await fetch(\`\${HEARTBEAT_URL}/\${job}?ok=\${wentWell}\`).catch(() => {})
}
`

const METRICS = `import { writeFileSync } from 'node:fs'
import type { JobResult } from '../wiring.ts'

export function metricsOf(job: string, result: object): string {
  const counts = Object.entries(result).filter(([, value]) => typeof value === 'number')
  return counts.map(([name, value]) => \`analytics_\${job}_\${name} \${value}\\n\`).join('')
}

/** For the text file collector of the node exporter. */
export function writeMetrics(file: string, job: string, result: JobResult | object): void {
  writeFileSync(file, metricsOf(job, result))
}
`

const METRICS_TEST = `import { expect, it } from 'vitest'
import { metricsOf } from './metrics.ts'

it('takes what is a number', () => {
  expect(metricsOf('ingest', { rows: 3, errors: [] })).toBe('analytics_ingest_rows 3\\n')
})
`

const WEEKS_TEST = `import { expect, it } from 'vitest'
import { parseTime } from './settings.ts'

it('knows weeks', () => {
  expect(parseTime('2w', 15 * 86_400_000)).toBe(86_400_000)
})
`

const REPLAY_JOB = `      replay(onProgress: (result: ReplayResult) => void, { from, to }: { from?: string; to?: string }) {
        if (!from || !to)
          throw new UsageError('replay wants --from and --to: it rebuilds the whole partitions in between')
        const window = { from: parseTime(from), to: parseTime(to) }
        return createReplay({ ...place, ...reading, merger, onProgress }).run(window)
      },
`

const FAKE_REPLAY = `    replay: (over: Partial<ReplayOptions> = {}): ReturnType<ReturnType<typeof createReplay>['run']> =>
      createReplay({ ...place, source, writer: fakeWriter, parseLine, ...over }).run({ from: 0, to: Infinity }),
`

const PLANS = `-- Plans
SELECT dimensions ->> 'plan' AS plan, count(*) AS requests, quantile_cont(durationMs, 0.95) AS p95_ms
FROM traffic GROUP BY plan ORDER BY requests DESC;
`

const CSV = `type Rows = Record<string, unknown>[]

const cell = (value: unknown) => \`"\${String(value ?? '').replaceAll('"', '""')}"\`

/** Rows as CSV with a header; nothing where there is no row. */
export function csv(rows: Rows): string {
  const names = Object.keys(rows[0] ?? {})
  if (names.length === 0) return ''
  return [names.map(cell), ...rows.map((row) => names.map((name) => cell(row[name])))].map((line) => \`\${line}\\n\`).join('')
}
`

const CSV_TEST = `import { expect, it } from 'vitest'
import { csv } from './csv.ts'

it('quotes every cell', () => {
  expect(csv([{ route: '/a"b', n: 1 }])).toBe('"route","n"\\n"/a""b","1"\\n')
})
`

const TODAY = `import type { ReaderOptions } from '../src/lake/reader.ts'
import { withLake } from './duckdb.ts'
import { print } from './table.ts'

/** How many requests there were since midnight, UTC. */
export const runToday = (options: ReaderOptions): Promise<number> =>
  withLake(options, async ({ rows }) => {
    const [row] = await rows("SELECT count(*) AS n FROM analytics WHERE timestamp >= (now() AT TIME ZONE 'UTC')::DATE")
    print(\`\${row?.n}\\n\`)
    return 0
  })
`
