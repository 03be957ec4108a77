import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fileSink } from '../src/policy/sinks.ts'
import { sayWhatIsNext } from './next.ts'
import { makeTraffic } from './traffic.ts'

// Two days of traffic through the real policy, then the project's own commands, in folders that belong to the demo.
const SOURCE = '.demo/logs'
const LAKE = '.demo/lake'
const JOBS = '../src/worker/standalone.ts'
const QUERIES = '../query/cli.ts'

rmSync('.demo', { recursive: true, force: true })
heading('2,000 requests go through analyticsLog(), spread over the last two days')
const sink = fileSink({ dir: SOURCE })
await makeTraffic(sink, 2000, 48)
await sink.close()
console.log(`Their lines are in ${SOURCE}.`)

run('ingest: lines become Parquet fragments, one per hour', JOBS, 'ingest', '--settle', '0', '--text')
run('compact: the fragments of days that are over become one file each', JOBS, 'compact', '--text')
run('report: DuckDB reads all files as one table', QUERIES, 'report')
run('verify: is every line accounted for?', QUERIES, 'verify')
heading('That was the demo')
await sayWhatIsNext(LAKE)

/** One of the project's own commands, in the runtime that runs this file. Ends the demo when it fails. */
function run(title: string, file: string, ...command: string[]): void {
  heading(title)
  const path = fileURLToPath(new URL(file, import.meta.url))
  const args = [...process.execArgv, path, ...command, '--source', SOURCE, '--lake', LAKE]
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status === 0) return
  console.error(`demo: ${command[0]} failed (${error?.message ?? `exit code ${status}`}); what it said stands above`)
  process.exit(1)
}

function heading(title: string): void {
  console.log(`\n── ${title}\n`)
}
