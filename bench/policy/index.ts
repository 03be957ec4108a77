import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { environmentFor, versionOf } from '../../test/support/runtimes.ts'
import { median } from '../measure.ts'
import { printTable } from '../report.ts'
import { LINES, type Middleware, type Round } from './app.ts'

const ROUNDS = 60
/** Short, so that most rounds pass undisturbed on a machine that does other things too. */
const REQUESTS = 5_000
const WARM_UP = 5
const ALL = Object.keys(LINES) as Middleware[]

/** One process of a runtime: runs a round and resolves to what became of it. */
interface Runtime {
  name: string
  run(middleware: Middleware, count: number): Promise<Round>
  stop(): Promise<unknown>
}

/** What `analyticsLog` costs a request on each runtime, beside `hono/logger` and no middleware, in the same app. */
export async function benchPolicy(work: string): Promise<void> {
  const bundle = join(work, 'policy.mjs')
  const entryPoints = [fileURLToPath(new URL('app.ts', import.meta.url))]
  await build({ entryPoints, outfile: bundle, bundle: true, format: 'esm', target: 'es2022' })
  const rows = []
  for (const start of [startNode, startBun, startWorkerd]) {
    const runtime = await start(bundle)
    try {
      rows.push([runtime.name, ...cells(await measure(runtime))])
    } finally {
      await runtime.stop()
    }
  }
  printTable(
    `A request through the policy (ns, median of ${ROUNDS} rounds of ${REQUESTS.toLocaleString('en')})`,
    ['runtime', 'bare Hono', 'hono/logger', 'adds', 'analyticsLog', 'adds'],
    rows,
  )
}

/** Nanoseconds a request, by middleware, of each round: all in turn in one process, each round begun by another. */
async function measure({ name, run }: Runtime): Promise<Record<Middleware, number[]>> {
  const taken: Record<Middleware, number[]> = { 'bare Hono': [], 'hono/logger': [], analyticsLog: [] }
  for (let n = -WARM_UP; n < ROUNDS; n++)
    for (const at of ALL.keys()) {
      const middleware = ALL[(n + WARM_UP + at) % ALL.length] as Middleware
      const start = performance.now()
      const became = await run(middleware, REQUESTS)
      const nanoseconds = ((performance.now() - start) * 1e6) / REQUESTS
      check(`${middleware} on ${name}`, became, REQUESTS * LINES[middleware])
      if (middleware === 'analyticsLog') checkEntry(became.last)
      if (n >= 0) taken[middleware].push(nanoseconds)
    }
  return taken
}

function check(what: string, { answered, lines }: Round, expected: number): void {
  if (answered !== REQUESTS) throw new Error(`${what}: ${answered} of ${REQUESTS} requests were answered`)
  if (lines !== expected) throw new Error(`${what}: ${lines} lines instead of ${expected}`)
}

function checkEntry(line: string): void {
  const { routePath, statusCode, traceId } = JSON.parse(line)
  if (routePath !== '/products/:id' || statusCode !== 200 || traceId?.length !== 32)
    throw new Error(`no entry of the last request: ${line}`)
}

/** What a middleware adds is the median of its differences from bare Hono in the same round, whatever else ran meanwhile. */
function cells(taken: Record<Middleware, number[]>): string[] {
  const bare = taken['bare Hono']
  const ns = (values: number[]) => (Math.round(median(values) / 10) * 10).toLocaleString('en')
  const added = (values: number[]) => values.map((value, n) => value - (bare[n] ?? 0))
  const peers = [taken['hono/logger'], taken.analyticsLog]
  return [ns(bare), ...peers.flatMap((values) => [ns(values), ns(added(values))])]
}

const startNode = (bundle: string) => startProcess(versionOf('node'), process.execPath, bundle, process.env)

const startBun = (bundle: string) =>
  startProcess(versionOf('bun'), 'bun', bundle, { ...process.env, ...environmentFor('bun') })

/** Each line of its stdin is a round to run, each of its stdout what became of it. */
async function startProcess(name: string, exec: string, bundle: string, env: NodeJS.ProcessEnv): Promise<Runtime> {
  const loop = fileURLToPath(new URL('loop.mjs', import.meta.url))
  const child: ChildProcess = spawn(exec, [loop, bundle], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  return {
    name,
    async run(middleware, count) {
      child.stdin?.write(`${JSON.stringify([middleware, count])}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`${name} ended in the midst of a round`)
      return JSON.parse(value)
    },
    stop() {
      child.stdin?.end()
      return child.exitCode === null ? once(child, 'exit') : Promise.resolve()
    },
  }
}

async function startWorkerd(bundle: string): Promise<Runtime> {
  const miniflare = new Miniflare({
    ...{ modules: [{ type: 'ESModule', path: 'policy.mjs', contents: readFileSync(bundle, 'utf8') }] },
    ...{ compatibilityDate: '2026-04-01', compatibilityFlags: ['nodejs_compat'] },
  })
  const origin = await miniflare.ready
  const { version } = JSON.parse(
    readFileSync(new URL('../../node_modules/workerd/package.json', import.meta.url), 'utf8'),
  )
  return {
    name: `workerd ${version}`,
    async run(middleware, count) {
      const response = await fetch(
        new URL(`/?${new URLSearchParams({ of: middleware, count: String(count) })}`, origin),
      )
      if (!response.ok) throw new Error(`workerd: ${await response.text()}`)
      return response.json() as Promise<Round>
    },
    stop: () => miniflare.dispose(),
  }
}
