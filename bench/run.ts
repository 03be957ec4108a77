import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { benchEmit } from './emit.ts'
import { benchEngines, missing } from './engines/index.ts'
import { benchIngest } from './ingest.ts'
import { benchMemory } from './memory.ts'
import { benchPolicy } from './policy/index.ts'
import { record, writeBetween } from './report.ts'
import { benchWorkerd } from './workerd/index.ts'

/**
 * `npm run bench -- [emit] [ingest] [engines] [policy] [memory] [workerd] [--large] [--write]`: ratios against named peers,
 * run in turn on the same input, outputs read back; and the memory that runs take, however large their input is.
 * `--write` puts the figures between their marks in README.md, ARCHITECTURE.md and docs/engines.md.
 */
const BENCHES = ['emit', 'ingest', 'engines', 'policy', 'memory'] as const
const root = fileURLToPath(new URL('..', import.meta.url))
const page = (path: string) => new URL(`../${path}`, import.meta.url)
const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'))
const only = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const wanted = (name: string) => only.length === 0 || only.includes(name)
const writing = flags.includes('--write')
if (writing && wanted('engines') && missing().length > 0)
  throw new Error(`--write wants a whole run: ${missing().join(', ')}`)

// Inside the repository, so that the emitted project finds the packages installed here.
const work = join(root, '.tmp/bench')
rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const emit = (name: string, ...flags: string[]) => {
  const args = [name, '--runtime', 'node', '--yes', '--no-install', '--no-git', ...flags]
  execFileSync(process.execPath, [join(root, 'dist/cli.js'), ...args], { cwd: work })
  return join(work, name)
}
const project = emit('project')

const benches: Record<(typeof BENCHES)[number], () => Promise<unknown>> = {
  emit: () => benchEmit(root, work),
  ingest: () =>
    benchIngest(root, { columnar: project, 'duckdb-wasm': emit('duckdb', '--parquet', 'duckdb-wasm') }, work),
  engines: async () => {
    const targets = await benchEngines(root, work, project)
    if (writing && targets) writeBetween(page('README.md'), 'engines', targets)
  },
  policy: () => benchPolicy(work),
  memory: () => benchMemory(project, { large: flags.includes('--large') }),
}
const PAGES: Partial<Record<string, string>> = { engines: 'docs/engines.md', memory: 'ARCHITECTURE.md' }

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`)
for (const name of BENCHES.filter(wanted)) {
  const text = await record(benches[name])
  if (writing) writeBetween(page(PAGES[name] ?? 'README.md'), name, text)
}
// On demand: it takes wrangler and minutes.
if (only.includes('workerd')) await benchWorkerd()
rmSync(work, { recursive: true, force: true })
