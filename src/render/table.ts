import type { Answers } from '../questions.ts'

/** `managed` and `merged` follow later releases, line by line or key by key; `seed` is written once. */
export type Owner = 'managed' | 'merged' | 'seed'

export interface Row {
  /** Path below templates/. A test beside it (`x.test.ts` for `x.ts`) comes along by itself. */
  template: string
  /** Emitted path. */
  path: string
  /** What the file is called for ever, also where a later release moves it. */
  id: string
  owner: Owner
  when: Condition
}

/** The answers a row is for; one that is not named may be anything. */
export type Condition = { readonly [K in keyof Answers]?: readonly Answers[K][] }

const PARQUET: Condition = { parquet: ['columnar', 'duckdb-wasm'] }
const COLUMNAR: Condition = { parquet: ['columnar'] }
const NDJSON: Condition = { parquet: ['ndjson'] }
const CLOUDFLARE: Condition = { runtime: ['cloudflare'] }
const QUEUE: Condition = { ...CLOUDFLARE, trigger: ['queue'] }
const CRON_WORKER: Condition = { ...CLOUDFLARE, trigger: ['cron'] }
/** Where the jobs run as commands, on a machine with a disk. */
const MACHINE: Condition = { runtime: ['node', 'bun', 'deno'] }
const LOCAL: Condition = { storage: ['local'] }
/** A bucket by its S3 endpoint. */
const S3: Condition = { ...MACHINE, storage: ['s3', 'r2'] }
const BUCKET: Condition = { storage: ['s3', 'r2'] }
/** The page reads ranges of Parquet, whatever wrote it. */
const DASHBOARD: Condition = { dashboard: [true] }
const DUCKDB: Condition = { parquet: ['duckdb-wasm'] }

const file = (path: string, when: Condition = {}): Row => ({ template: path, path, id: path, owner: 'managed', when })
const folder = (name: string, ...files: readonly string[]): Row[] => files.map((path) => file(`${name}/${path}`))
const seed = (path: string, when: Condition = {}): Row => ({ ...file(path, when), owner: 'seed' })

const merged = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, owner: 'merged' }))

/** One path, several templates: `default` lies there under its own name, each variant as `name.<variant>.ts`. */
function variants(path: string, when: { default: Condition } & Record<string, Condition>): Row[] {
  return Object.entries(when).map(([variant, condition]) => {
    const template = variant === 'default' ? path : path.replace(/(\.\w+)$/, `.${variant}$1`)
    return { ...file(path, condition), template }
  })
}

const COLUMNAR_FILES = [
  ...['writer', 'merger', 'scan', 'read'],
  ...['row-group', 'column-chunk', 'pages', 'values', 'encodings', 'text-column', 'number-column'],
  ...['byte-sink', 'scratch', 'words'],
]

/** What the browser runs, as it lies there: no build in between. */
const PAGE = ['index.html', 'style.css', 'app.js', 'charts.js', 'format.js', 'lake.js', 'queries.js', 'tables.js']

export const FILES: readonly Row[] = [
  ...variants('analytics.config.ts', {
    default: { ...PARQUET, ...LOCAL },
    ndjson: { ...NDJSON, ...LOCAL },
    s3: { ...PARQUET, ...S3 },
    's3-ndjson': { ...NDJSON, ...S3 },
    cloudflare: CLOUDFLARE,
  }),
  file('cloudflare.config.ts', CLOUDFLARE),
  ...variants('analytics.sql', { default: PARQUET, ndjson: NDJSON }),
  ...variants('s3.sql', { default: { storage: ['s3'] }, r2: { storage: ['r2'] } }),
  ...merged(variants('wrangler.jsonc', { default: CRON_WORKER, queue: QUEUE })),
  seed('README.md'),

  seed('example/gateway.ts'),
  file('example/traffic.ts'),
  ...variants('example/demo.ts', { default: { ...PARQUET, ...MACHINE }, ndjson: NDJSON, cloudflare: CLOUDFLARE }),
  ...variants('example/next.ts', { default: DASHBOARD, bare: { ...PARQUET, dashboard: [false] } }),
  file('example/worker.ts', CLOUDFLARE),
  file('example/trace-events.ts', CLOUDFLARE),
  ...variants('example/logpush.ts', { default: CRON_WORKER, queue: QUEUE }),
  ...variants('example/run-jobs.ts', { default: CRON_WORKER, queue: QUEUE }),
  ...merged([file('example/gateway.jsonc', CLOUDFLARE)]),
  ...merged(variants('example/logpush.jsonc', { default: CRON_WORKER, queue: QUEUE })),
  ...variants('example/serve.ts', { default: { runtime: ['node', 'deno'] }, bun: { runtime: ['bun'] } }),

  ...folder('sql', 'marks.sql', 'traffic.sql'),
  ...folder('sql/numbers', 'raw.sql', 'shown.sql'),
  ...folder(
    'sql/report',
    '1-overview.sql',
    '2-timeline.sql',
    '3-routes.sql',
    '4-failing.sql',
    '5-slowest.sql',
    '6-rejected.sql',
  ),
  file('sql/report/7-traces.sql', { format: ['cloudflare'] }),
  ...folder('sql/compare', 'changes.sql', 'windows/deploy.sql', 'windows/window.sql'),
  ...folder('sql/compare/tables', '1-windows.sql', '2-overview.sql', '3-movers.sql'),
  ...folder('sql/verify', 'counted.sql', 'imbalances.sql', 'ledger.sql'),

  ...folder('src', 'types.ts', 'schema.ts'),
  ...variants('src/index.ts', { default: PARQUET, ndjson: NDJSON }),
  ...variants('src/wiring.ts', { default: { ...PARQUET, ...MACHINE }, ndjson: NDJSON, cloudflare: CLOUDFLARE }),
  ...variants('src/wiring/format.ts', {
    default: { format: ['standard'] },
    logpush: { format: ['cloudflare'], ...MACHINE },
    cloudflare: { format: ['cloudflare'], ...CLOUDFLARE },
  }),
  ...variants('src/wiring/stores.ts', { default: LOCAL, s3: S3 }),
  ...variants('src/wiring/engine.ts', {
    default: { ...DUCKDB, ...MACHINE },
    columnar: { ...COLUMNAR, format: ['standard'] },
    'columnar-logpush': { ...COLUMNAR, format: ['cloudflare'], ...MACHINE },
    'columnar-cloudflare': { ...COLUMNAR, format: ['cloudflare'], ...CLOUDFLARE },
    ndjson: NDJSON,
    workerd: { ...DUCKDB, ...CLOUDFLARE },
  }),
  seed('src/custom/columns.ts'),
  seed('src/custom/transform.ts'),
  seed('src/custom/routes.ts', { format: ['cloudflare'] }),
  ...folder('src/policy', 'analytics.ts', 'request.ts'),
  file('src/policy/sinks.ts', MACHINE),
  file('src/policy/log-files.ts', MACHINE),
  ...folder('src/lake', 'layout.ts', 'state.ts'),
  file('src/lake/pins.ts'),
  file('src/lake/cached-pins.ts', BUCKET),
  ...variants('src/lake/reader.ts', { default: PARQUET, ndjson: NDJSON }),
  file('src/lake/fragments.ts', PARQUET),
  file('src/lake/lineage.ts', PARQUET),
  ...folder('src/processor', 'index.ts', 'entries.ts', 'lines.ts', 'pending.ts', 'rejected.ts', 'result.ts'),
  file('src/processor/formats/standard.ts'),
  file('src/processor/formats/cloudflare.ts', { format: ['cloudflare'] }),
  file('src/processor/formats/trace-requests.ts', { format: ['cloudflare'] }),
  file('src/storage/memory.ts'),
  file('src/storage/local.ts'),
  file('src/storage/lock.ts'),
  file('src/storage/logs.ts', MACHINE),
  file('src/storage/log-heads.ts', MACHINE),
  file('src/storage/r2.ts', CLOUDFLARE),
  ...['s3.ts', 's3-client.ts', 's3-writes.ts', 'xml.ts'].map((name) => file(`src/storage/${name}`, BUCKET)),
  file('src/storage/parts.ts', BUCKET),
  file('src/storage/object-logs.ts', BUCKET),
  file('src/compactor/index.ts', PARQUET),
  file('src/compactor/abandon.ts', PARQUET),
  file('src/compactor/commit.ts', PARQUET),
  file('src/compactor/replay.ts', PARQUET),
  file('src/parquet/cells.ts', PARQUET),
  file('src/parquet/footer.ts', PARQUET),
  file('src/parquet/merge.ts', PARQUET),
  file('src/parquet/row-groups.ts', PARQUET),
  file('src/parquet/duckdb-wasm.ts', DUCKDB),
  ...variants('src/parquet/duckdb.ts', { default: { ...DUCKDB, ...MACHINE }, workerd: { ...DUCKDB, ...CLOUDFLARE } }),
  file('src/parquet/wasm.d.ts', { ...DUCKDB, ...CLOUDFLARE }),
  file('src/parquet/plain.ts', DUCKDB),
  ...COLUMNAR_FILES.map((name) => file(`src/parquet/columnar/${name}.ts`, COLUMNAR)),
  ...['trace-events', 'argument-scanner', 'event-shape', 'json-bytes'].map((name) =>
    file(`src/parquet/columnar/${name}.ts`, { ...COLUMNAR, format: ['cloudflare'] }),
  ),
  ...variants('src/parquet/columnar/codec.ts', {
    default: { ...COLUMNAR, runtime: ['node'] },
    native: { ...COLUMNAR, runtime: ['bun', 'deno'] },
    workerd: { ...COLUMNAR, ...CLOUDFLARE },
  }),
  file('src/parquet/ndjson-passthrough.ts', NDJSON),
  ...variants('query/lake.ts', { default: MACHINE, cloudflare: CLOUDFLARE }),
  file('query/buckets.ts', CLOUDFLARE),
  ...folder('query', 'cli.ts', 'duckdb.ts', 'report.ts', 'compare.ts', 'query.ts', 'verify.ts', 'table.ts'),
  ...variants('maintenance/cli.ts', {
    default: { ...PARQUET, ...MACHINE },
    ndjson: { ...NDJSON, ...MACHINE },
    cloudflare: CLOUDFLARE,
  }),
  ...folder('maintenance', 'doctor.ts', 'checks/project.ts', 'checks/spell.ts'),
  file('maintenance/checks/wrangler.ts', CLOUDFLARE),
  file('maintenance/checks/runs.ts', CLOUDFLARE),
  file('maintenance/checks/conditions.ts', MACHINE),
  ...variants('maintenance/checks/store.ts', { default: { ...MACHINE, ...LOCAL }, s3: { ...MACHINE, ...S3 } }),
  file('maintenance/checks/lifecycle.ts', { ...MACHINE, ...S3 }),
  file('maintenance/checks/flow.ts', MACHINE),
  file('maintenance/checks/upkeep.ts', PARQUET),
  file('maintenance/retention.ts', PARQUET),
  ...['access', 'assets', 'handler', 'lake', 'ranges', 'serve'].map((name) => file(`dashboard/${name}.ts`, DASHBOARD)),
  file('dashboard/vendor.ts', { ...DASHBOARD, ...CLOUDFLARE }),
  file('dashboard/worker.ts', { ...DASHBOARD, ...CLOUDFLARE }),
  ...merged([file('dashboard/wrangler.jsonc', { ...DASHBOARD, ...CLOUDFLARE })]),
  ...PAGE.map((name) => file(`dashboard/page/${name}`, DASHBOARD)),
  file('src/worker/settings.ts'),
  file('src/worker/standalone.ts', MACHINE),
  file('src/worker/capture.ts', MACHINE),
  file('parallel/pool.ts', { ...PARQUET, ...MACHINE }),
  file('parallel/helper.ts', { ...PARQUET, ...MACHINE }),
  ...variants('src/worker/scheduled.ts', { default: CRON_WORKER, queue: QUEUE }),
  file('src/worker/crons.ts', CRON_WORKER),
  file('src/worker/queue.ts', QUEUE),
  file('src/worker/jobs.ts', CLOUDFLARE),
  file('src/worker/fetch.ts', CLOUDFLARE),
  file('src/worker/pipeline.ts', CLOUDFLARE),
  file('src/worker/buckets.ts', CLOUDFLARE),

  file('test/fakes.ts'),
  file('test/fake-merger.ts', PARQUET),
  file('test/fake-bucket.ts', CLOUDFLARE),
]

/** Under templates/, but not for a project: the tsconfig is emitted from its text by `render`. */
export const NOT_EMITTED = ['tsconfig.json']

export const holds = (when: Condition, answers: Answers): boolean =>
  Object.entries(when).every(([id, values]) => (values as readonly unknown[]).includes(answers[id as keyof Answers]))
