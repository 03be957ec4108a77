import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { benchEmit } from './emit.ts'
import { benchEngines } from './engines.ts'
import { benchIngest } from './ingest.ts'
import { benchMemory } from './memory.ts'
import { benchPolicy } from './policy/index.ts'
import { benchWorkerd } from './workerd.ts'

/**
 * `npm run bench -- [emit] [ingest] [engines] [policy] [memory] [workerd] [--large]`: ratios against named peers, run in turn on the same input,
 * outputs read back; and the memory that runs take, however large their input is.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
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

const only = process.argv.slice(2).filter((name) => name !== '--large')
const wanted = (name: string) => only.length === 0 || only.includes(name)
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`)
if (wanted('emit')) await benchEmit(root, work)
if (wanted('ingest'))
  await benchIngest(root, { columnar: project, 'duckdb-wasm': emit('duckdb', '--parquet', 'duckdb-wasm') }, work)
if (wanted('engines')) await benchEngines(root, work, process.env.ENGINES)
if (wanted('policy')) await benchPolicy(work)
if (wanted('memory')) await benchMemory(project, { large: process.argv.includes('--large') })
// On demand: it takes wrangler, and Node 22 or --experimental-websocket to look into the isolate.
if (only.includes('workerd')) await benchWorkerd()
rmSync(work, { recursive: true, force: true })
