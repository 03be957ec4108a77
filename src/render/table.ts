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

const PARQUET: Condition = { parquet: ['duckdb-wasm'] }
const NDJSON: Condition = { parquet: ['ndjson'] }

const file = (path: string, when: Condition = {}): Row => ({ template: path, path, id: path, owner: 'managed', when })
const folder = (name: string, ...files: readonly string[]): Row[] => files.map((path) => file(`${name}/${path}`))
const seed = (path: string, when: Condition = {}): Row => ({ ...file(path, when), owner: 'seed' })

/** One path, several templates: `default` lies there under its own name, each variant as `name.<variant>.ts`. */
function variants(path: string, when: { default: Condition } & Record<string, Condition>): Row[] {
  return Object.entries(when).map(([variant, condition]) => {
    const template = variant === 'default' ? path : path.replace(/(\.\w+)$/, `.${variant}$1`)
    return { ...file(path, condition), template }
  })
}

export const FILES: readonly Row[] = [
  ...variants('analytics.config.ts', { default: PARQUET, ndjson: NDJSON }),
  ...variants('analytics.sql', { default: PARQUET, ndjson: NDJSON }),
  seed('README.md'),

  seed('example/gateway.ts'),
  file('example/traffic.ts'),
  ...variants('example/demo.ts', { default: PARQUET, ndjson: NDJSON }),
  ...variants('example/serve.ts', { default: { runtime: ['node'] }, bun: { runtime: ['bun'] } }),

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
  ...folder('sql/compare', 'changes.sql', 'windows/deploy.sql', 'windows/window.sql'),
  ...folder('sql/compare/tables', '1-windows.sql', '2-overview.sql', '3-movers.sql'),
  ...folder('sql/verify', 'counted.sql', 'imbalances.sql', 'ledger.sql'),

  ...folder('src', 'types.ts', 'schema.ts'),
  ...variants('src/index.ts', { default: PARQUET, ndjson: NDJSON }),
  ...variants('src/wiring.ts', { default: PARQUET, ndjson: NDJSON }),
  ...folder('src/wiring', 'format.ts', 'stores.ts'),
  ...variants('src/wiring/engine.ts', { default: PARQUET, ndjson: NDJSON }),
  seed('src/custom/columns.ts'),
  seed('src/custom/transform.ts'),
  ...folder('src/policy', 'analytics.ts', 'request.ts', 'sinks.ts', 'log-files.ts'),
  ...folder('src/lake', 'layout.ts', 'state.ts', 'pins.ts'),
  ...variants('src/lake/reader.ts', { default: PARQUET, ndjson: NDJSON }),
  file('src/lake/fragments.ts', PARQUET),
  file('src/lake/lineage.ts', PARQUET),
  ...folder('src/processor', 'index.ts', 'entries.ts', 'lines.ts', 'pending.ts', 'rejected.ts'),
  file('src/processor/formats/standard.ts'),
  ...folder('src/storage', 'local.ts', 'lock.ts', 'logs.ts', 'log-heads.ts', 'memory.ts'),
  file('src/compactor/index.ts', PARQUET),
  file('src/compactor/abandon.ts', PARQUET),
  file('src/compactor/commit.ts', PARQUET),
  file('src/compactor/replay.ts', PARQUET),
  file('src/parquet/duckdb-wasm.ts', PARQUET),
  file('src/parquet/plain.ts', PARQUET),
  file('src/parquet/footer.ts', PARQUET),
  file('src/parquet/row-groups.ts', PARQUET),
  file('src/parquet/ndjson-passthrough.ts', NDJSON),
  ...folder('query', 'cli.ts', 'duckdb.ts', 'report.ts', 'compare.ts', 'query.ts', 'verify.ts', 'table.ts'),
  file('maintenance/cli.ts', PARQUET),
  file('maintenance/retention.ts', PARQUET),
  ...folder('src/worker', 'standalone.ts', 'settings.ts', 'capture.ts'),

  file('test/fakes.ts'),
  file('test/fake-merger.ts', PARQUET),
]

/** Under templates/, but not for a project: the tsconfig is emitted from its text by `render`. */
export const NOT_EMITTED = [
  'tsconfig.json',
  // Until Cloudflare, R2 and S3 can be chosen.
  'src/storage/s3.ts',
  'src/storage/s3-client.ts',
  'src/storage/s3-writes.ts',
  'src/storage/xml.ts',
  'src/storage/r2.ts',
  'src/storage/parts.ts',
  'src/storage/object-logs.ts',
  'src/storage/object-logs.test.ts',
]

export const holds = (when: Condition, answers: Answers): boolean =>
  Object.entries(when).every(([id, values]) => (values as readonly unknown[]).includes(answers[id as keyof Answers]))
