import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { unstable_startWorker } from 'wrangler'
import { config } from '../analytics.config.ts'
import { openLocalBuckets } from '../query/buckets.ts'
import { sayWhatIsNext } from './next.ts'
import { runJobs } from './run-jobs.ts'
import { type Invocation, logObject } from './trace-events.ts'
import { makeTraffic } from './traffic.ts'

// Two days of traffic through the real policy, then the Worker itself, with local buckets that belong to the demo.
const STATE = '.demo/state'
const QUERIES = '../query/cli.ts'

rmSync('.demo', { recursive: true, force: true })
heading('2,000 requests go through analyticsLog(), spread over the last two days')
const objects = await makeLogs()
console.log(`Their lines are in ${objects} objects of the local bucket LOGS, as Logpush would have written them.`)

heading('the Worker runs in workerd: it ingests each log, then compacts what is older than a day')
const worker = await unstable_startWorker({
  config: fileURLToPath(new URL('../wrangler.jsonc', import.meta.url)),
  dev: { persist: STATE, watch: false, inspector: false, server: { port: 0 } },
})
await runJobs(worker, STATE)
await worker.dispose()

run('report: DuckDB reads all files as one table', QUERIES, 'report')
run('verify: is every line accounted for?', QUERIES, 'verify')
heading('That was the demo')
await sayWhatIsNext(STATE)

/** Puts the lines of the policy into Logpush's objects, 100 invocations each. */
async function makeLogs(): Promise<number> {
  const invocations: Invocation[] = []
  await makeTraffic(
    (entry, line) => {
      const time = Date.parse(entry.timestamp)
      const logs = [{ level: 'log', message: [line], timestamp: time }]
      invocations.push({ scriptName: 'shop', eventTimestamp: time, logs })
    },
    2000,
    48,
  )
  const { LOGS, close } = await openLocalBuckets(STATE)
  let objects = 0
  for (let at = 0; at < invocations.length; at += 100) {
    const { key, body } = logObject(config.source, invocations.slice(at, at + 100))
    await LOGS.put(key, body)
    objects++
  }
  await close()
  return objects
}

/** One of the project's own commands, in the runtime that runs this file. Ends the demo when it fails. */
function run(title: string, file: string, ...command: string[]): void {
  heading(title)
  const path = fileURLToPath(new URL(file, import.meta.url))
  const args = [...process.execArgv, path, ...command, '--lake', STATE]
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status === 0) return
  console.error(`demo: ${command[0]} failed (${error?.message ?? `exit code ${status}`}); what it said stands above`)
  process.exit(1)
}

function heading(title: string): void {
  console.log(`\n── ${title}\n`)
}
