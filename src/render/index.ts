import tsconfig from '../../templates/tsconfig.json' with { type: 'json' }
import { spelling } from '../pm.ts'
import type { Answers } from '../questions.ts'
import { replayCommand } from '../replay.ts'
import type { Templates } from '../templates.ts'
import { setLiterals } from './config.ts'
import { packageJson } from './package-json.ts'
import { renderMarkdown } from './readme.ts'
import { FILES, holds, type Owner } from './table.ts'

export interface EmittedFile {
  id: string
  /** Relative to the project, with slashes. */
  path: string
  text: string
  owner: Owner
  /** Permissions, as in `chmod`. */
  mode: '644' | '755'
}

// No version: it would make every upgrade touch every file.
const HEADER = `// From create-stoma-analytics. Yours to edit: \`npx create-stoma-analytics upgrade\` merges newer releases into it.\n`

const GITIGNORE = `node_modules/
/logs/
/lake/
/.demo/
/.cache/
*.tgz
.DS_Store
`
const GITIGNORE_WORKER = `/.wrangler/
/.dev.vars*
/dashboard/page/vendor/
`
const GITATTRIBUTES = `# What was emitted, byte for byte: \`create-stoma-analytics upgrade\` merges against it.
.stoma/** -text
`

/**
 * The files of a project: a pure function of its name, its answers and the templates. Sorted by path. `replay` is the
 * command that makes it again.
 */
export function render(
  name: string,
  answers: Answers,
  templates: Templates,
  replay = replayCommand(name, answers),
): EmittedFile[] {
  const merged = (path: string, text: string): EmittedFile => ({ id: path, path, text, owner: 'merged', mode: '644' })
  const files = [
    merged('.gitattributes', GITATTRIBUTES),
    merged('.gitignore', GITIGNORE + (answers.runtime === 'cloudflare' ? GITIGNORE_WORKER : '')),
    merged('package.json', json(packageJson(name, answers))),
    merged('tsconfig.json', json(tsconfig)),
  ]
  const facts = { ...factsOf(name, answers), replay }
  for (const row of FILES) {
    if (!holds(row.when, answers)) continue
    const { id, path, owner } = row
    const text = templates.get(row.template)
    if (text === undefined) throw new Error(`templates/${row.template} is missing: this installation is not whole`)
    files.push({ id, path, owner, mode: '644', text: finish(path, owner, text, answers, facts) })
    const test = testOf(row.template)
    if (test && templates.has(test)) {
      const text = HEADER + templates.get(test)
      files.push({ id: testOf(id) as string, path: testOf(path) as string, owner: 'managed', mode: '644', text })
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Where the test of a module lies; null for what is no module. */
export const testOf = (path: string) => (/(?<!\.test)\.ts$/.test(path) ? path.replace(/\.ts$/, '.test.ts') : null)

function finish(path: string, owner: Owner, text: string, answers: Answers, facts: Facts): string {
  if (path === 'README.md')
    return renderMarkdown(
      text,
      { ...answers, lake: lakeKind(answers), jobs: jobsOf(answers), page: pageOf(answers) },
      facts,
    )
  const set = withAnswers(path, text, facts.name, answers)
  return owner === 'managed' && path.endsWith('.ts') ? HEADER + set : set
}

/** What only a Worker with DuckDB in it needs of wrangler.jsonc: one line, and the one that says why. */
const FOR_DUCKDB = / *\/\/ js-sha256, which comes with DuckDB.*\n *"define".*\n/

/** The literals that answers decide: in the configs, and in the files that DuckDB and wrangler read. */
function withAnswers(path: string, text: string, name: string, answers: Answers): string {
  const { granularity, maxEntries, parquet, trigger } = answers
  if (path === 's3.sql') return text.replace('s3://my-analytics', lakeOf(name, answers))
  if (path === 'analytics.config.ts')
    return setLiterals(text, { granularity, maxEntriesPerFile: maxEntries, ...bucketOf(name, answers) })
  if (path !== 'cloudflare.config.ts' && !path.endsWith('.jsonc')) return text
  const ingestCron = trigger === 'queue' ? '37 * * * *' : '*/5 * * * *'
  const compactCron = granularity === 'month' ? '7 3 * * *' : '7 * * * *'
  const needed = parquet === 'duckdb-wasm' ? text : text.replace(FOR_DUCKDB, '')
  const named = needed.replaceAll('my-analytics', workerName(name))
  if (path.endsWith('.ts')) return setLiterals(named, { ingestCron, compactCron })
  return named.replace(/"crons": \[.*?\]/, `"crons": ["${ingestCron}", "${compactCron}"]`)
}

/** A name that Workers, buckets and queues may have, with room for what is appended: letters, digits and dashes. */
export const workerName = (name: string) =>
  name
    .replace(/^@[^/]+\//, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
    .replace(/-+$/, '') || 'analytics'

const lakeKind = ({ runtime, storage }: Answers) =>
  runtime === 'cloudflare' ? 'binding' : storage === 'local' ? 'folder' : 'bucket'

/** What serves the page: the Worker too, only this machine, or nothing, where there is none. */
const pageOf = ({ runtime, dashboard }: Answers) =>
  !dashboard ? 'none' : runtime === 'cloudflare' ? 'worker' : 'machine'

/** What there is to run: both jobs, only the first, or a Worker that runs them. */
const jobsOf = ({ runtime, parquet }: Answers) =>
  runtime === 'cloudflare' ? 'worker' : parquet === 'ndjson' ? 'ingest' : 'compact'

/** Where the Parquet files live. */
function lakeOf(name: string, { runtime, storage }: Answers): string {
  if (storage === 'local') return './lake'
  return `s3://${workerName(name)}${runtime === 'cloudflare' ? '-lake' : ''}`
}

/** What the answers say of the bucket that a machine writes to; a Worker has bindings instead. */
function bucketOf(name: string, answers: Answers): Record<string, string> {
  if (lakeKind(answers) !== 'bucket') return {}
  const r2 = { endpoint: 'https://<account id>.r2.cloudflarestorage.com', region: 'auto' }
  return { lake: lakeOf(name, answers), ...(answers.storage === 'r2' && r2) }
}

type Facts = Record<string, string> & { name: string }

/** What `{{…}}` in the README stands for. `{{flags}}` is what comes between a script's name and flags. */
function factsOf(name: string, answers: Answers): Facts {
  const { install, run, flags } = spelling(answers.pm)
  const { maxEntries, dashboard, ...words } = answers
  const rows = String(maxEntries).replace(/\B(?=(\d{3})+$)/g, ',')
  const lake = lakeOf(name, answers)
  const init = lakeKind(answers) === 'folder' ? 'analytics.sql' : 's3.sql'
  const demoLake = answers.runtime === 'cloudflare' ? '.demo/state' : '.demo/lake'
  // Without its permissions, a server in Deno asks for them or fails.
  const start = answers.runtime === 'deno' ? 'deno run --allow-net --allow-env --allow-read' : answers.runtime
  return {
    name,
    worker: workerName(name),
    ...words,
    dashboard: String(dashboard),
    lake,
    demoLake,
    init,
    start,
    maxEntries: rows,
    install,
    run,
    flags,
  }
}

const json = (value: unknown) =>
  // Lists of plain values on one line, as formatters have them.
  `${JSON.stringify(value, null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, list) => `[${list.replace(/\s+/g, ' ')}]`)}\n`
