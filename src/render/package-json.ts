import type { Answers } from '../questions.ts'
import { RUNTIMES } from '../runtimes.ts'
import { versionOf } from '../version.ts'

/** Packages that the emitted modules import. */
const ENGINES: Record<Answers['parquet'], readonly string[]> = {
  columnar: ['hyparquet', 'hyparquet-writer'],
  'duckdb-wasm': ['@duckdb/duckdb-wasm', 'hyparquet', 'hyparquet-writer'],
  ndjson: [],
}

/** ZSTD for Node before 22.15, which has none. */
const ZSTD = ['@bokuweb/zstd-wasm']
const zstdOf = ({ runtime, parquet }: Answers) => (runtime === 'node' && parquet === 'columnar' ? ZSTD : [])

/** What speaks S3 to a bucket. A Worker reaches R2 by its binding, but whoever asks its lake does not. */
const S3 = ['aws4fetch']
const storeOf = ({ storage }: Answers) => (storage === 'local' ? [] : S3)

/** What the page runs in the browser, and what serves it on every runtime. */
const DASHBOARD = ['@duckdb/duckdb-wasm', '@hono/node-server', 'uplot']

const ALWAYS = ['@duckdb/node-api', 'hono']
// vitest on every runtime: `bun test` stands in for it at run time, but its types are what the compiler reads.
const ALWAYS_DEV = ['@types/node', 'typescript', 'vitest']

export function dependenciesOf(answers: Answers): string[] {
  const { runtime, parquet, dashboard } = answers
  const engine = [...ENGINES[parquet], ...zstdOf(answers)]
  const names = [...ALWAYS, ...RUNTIMES[runtime].dependencies, ...storeOf(answers), ...engine]
  return [...new Set([...names, ...(dashboard ? DASHBOARD : [])])].sort()
}

export const devDependenciesOf = ({ runtime }: Answers) => [...ALWAYS_DEV, ...RUNTIMES[runtime].devDependencies].sort()

/** Every package that some project may depend on: names that a project cannot have. */
export const ALL_DEPENDENCIES: readonly string[] = [
  ...new Set([
    ...[...ALWAYS, ...ALWAYS_DEV, ...S3, ...ZSTD, ...DASHBOARD],
    ...Object.values(RUNTIMES).flatMap(({ dependencies, devDependencies }) => [...dependencies, ...devDependencies]),
    ...Object.values(ENGINES).flat(),
  ]),
]

/** The gateway answers requests; the other two have none to answer. */
const WRANGLER_DEV =
  'wrangler dev -c example/gateway.jsonc -c wrangler.jsonc -c example/logpush.jsonc --persist-to .wrangler/state'

export function packageJson(name: string, answers: Answers): object {
  const { start, test, engines } = RUNTIMES[answers.runtime]
  const job = (name: string) => `${start} src/worker/standalone.ts ${name}`
  const question = (name: string) => `${start} query/cli.ts ${name}`
  const care = (name: string) => `${start} maintenance/cli.ts ${name}`
  const compacts = answers.parquet !== 'ndjson'
  const isWorker = answers.runtime === 'cloudflare'
  return {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    exports: {
      '.': './src/index.ts',
      './policy': './src/policy/analytics.ts',
      './policy/*': './src/policy/*.ts',
      './processor': './src/processor/index.ts',
      ...(compacts && { './compactor': './src/compactor/index.ts' }),
      './storage/*': './src/storage/*.ts',
      './parquet/*': './src/parquet/*.ts',
      './worker': isWorker ? './src/worker/scheduled.ts' : './src/worker/standalone.ts',
    },
    scripts: {
      dev: isWorker ? WRANGLER_DEV : `${start} example/serve.ts`,
      demo: `${start} example/demo.ts`,
      ...(isWorker ? { deploy: 'wrangler deploy' } : { ingest: job('ingest') }),
      ...(compacts && !isWorker && { compact: job('compact'), replay: job('replay') }),
      report: question('report'),
      query: question('query'),
      verify: question('verify'),
      ...(answers.dashboard && { dashboard: `${start} dashboard/serve.ts dashboard` }),
      ...(answers.dashboard &&
        isWorker && {
          'dashboard:deploy': `${start} dashboard/vendor.ts && wrangler deploy -c dashboard/wrangler.jsonc`,
        }),
      ...(compacts && !isWorker && { retention: care('retention') }),
      doctor: care('doctor'),
      ...(!isWorker && { capture: `${start} src/worker/capture.ts` }),
      test,
      typecheck: 'tsc',
    },
    engines,
    dependencies: pick(dependenciesOf(answers)),
    devDependencies: pick(devDependenciesOf(answers)),
  }
}

const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, versionOf(name)]))
