import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fileSink } from '../src/policy/sinks.ts'
import { createGateway } from './gateway.ts'

// Two days of traffic through the real policy, then the project's own commands, in folders that belong to the demo.
const REQUESTS = 2000
const HOURS = 48
const SOURCE = '.demo/logs'
const LAKE = '.demo/lake'
const PLANS = ['free', 'free', 'free', 'pro', 'pro', 'team']

rmSync('.demo', { recursive: true, force: true })
heading(`${REQUESTS} requests through analyticsLog(), spread over the last ${HOURS} hours`)
await makeTraffic()

run('ingest: raw NDJSON becomes Parquet fragments, one per hour', 'ingest', '--settle', '0', '--text')
run('compact: hours older than a day become one file per partition', 'compact', '--text')
run('report: DuckDB reads fragments and compacted files as one table', 'report')
run('verify: every line is accounted for', 'verify')
console.log(
  '\nNow your own: `npm run dev`, a few requests, then ingest and report. The README shows how to add a column.',
)

/** Time does not pass here by itself: each request begins a little later, and what its handler awaits moves the clock. */
async function makeTraffic(): Promise<void> {
  let clock = Date.now() - HOURS * 3_600_000
  const step = (HOURS * 3_600_000) / REQUESTS
  const sink = fileSink({ dir: SOURCE })
  const work = async (ms: number) => {
    clock += ms
  }
  const app = createGateway({ sink, now: () => clock, work })
  for (let i = 0; i < REQUESTS; i++) {
    const begun = clock
    const [path, init] = anyRequest()
    await (await app.request(path, init)).arrayBuffer() // read to its end, as a client would
    clock = begun + step
  }
  await sink.close()
}

function anyRequest(): [path: string, init: RequestInit] {
  const traceId = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16)).join('')
  const plan = PLANS[Math.floor(Math.random() * PLANS.length)] ?? 'free'
  const headers: Record<string, string> = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-plan': plan }
  if (Math.random() < 0.9) headers.authorization = 'Bearer demo'
  const dice = Math.random()
  if (dice < 0.45) return [`/products/${1 + Math.floor(Math.random() * 64)}`, { headers }]
  if (dice < 0.75) return ['/products', { headers }]
  if (dice < 0.95) return ['/orders', { method: 'POST', headers }]
  return dice < 0.98 ? ['/reports/yearly', { headers }] : ['/favicon.ico', { headers }]
}

/** One of the project's own commands, as `npm run` would start it. */
function run(title: string, ...command: string[]): void {
  heading(title)
  const standalone = fileURLToPath(new URL('../src/worker/standalone.ts', import.meta.url))
  const args = [...process.execArgv, standalone, ...command, '--source', SOURCE, '--lake', LAKE]
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (error || status !== 0) {
    console.error(`demo: ${command[0]} failed (${error?.message ?? `exit ${status}`}); what it said stands above`)
    process.exit(1)
  }
}

function heading(title: string): void {
  console.log(`\n── ${title}\n`)
}
