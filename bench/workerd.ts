import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Miniflare } from 'miniflare'
import { bundleWorker, runWorker } from '../test/cloudflare/worker.ts'
import { printTable } from './measure.ts'

const ROWS_A_LOG = 60_000
const LOGS = 24
/** After which logs the figures are printed. */
const PRINTED = [1, 2, 3, 6, 12, 18, 24]

/** The Worker as emitted, and beside it what tells how large the memory of its WebAssembly modules is by now. */
const WATCHED = `import worker from './src/worker/scheduled.ts'
const memories: WebAssembly.Memory[] = []
const { instantiate } = WebAssembly
Object.assign(WebAssembly, {
  async instantiate(module: WebAssembly.Module, imports: object) {
    const instance = await instantiate(module, imports)
    for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) memories.push(value)
    return instance
  },
})
export default {
  scheduled: worker.scheduled,
  fetch: () => Response.json(memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)),
}
`
/** The same bytes from R2 and to R2, and nothing else: what the simulator of R2 and the runtime take by themselves. */
const ONLY_R2 = `export default {
  async scheduled(_event: unknown, { LOGS, LAKE }: any) {
    for (const { key } of (await LOGS.list({ prefix: 'logs/' })).objects) {
      if (await LAKE.head(key)) continue
      const bytes = await new Response((await LOGS.get(key)).body).arrayBuffer()
      await LAKE.put(key, bytes)
    }
  },
  fetch: () => Response.json(0),
}
`
const CONTESTANTS = [
  { name: 'duckdb-wasm', entry: WATCHED, parquet: 'duckdb-wasm' },
  { name: 'columnar', entry: WATCHED, parquet: 'columnar' },
  { name: 'R2 alone', entry: ONLY_R2, parquet: 'columnar' },
]

/** Bytes after a log; `isolate` and `wasm` together count against 128 MB. */
interface Held {
  /** Heap and buffers, garbage included; without WebAssembly's memory. */
  isolate: number
  wasm: number
  /** Resident memory of the whole runtime: the isolate, the simulator of R2, what the allocator keeps. */
  process: number
}

/** A long run of one isolate, log after log: what it holds after each. A Worker has 128 MB for all of it. */
export async function benchWorkerd(): Promise<void> {
  if (!('WebSocket' in globalThis))
    return console.log('workerd: wants Node 22, or NODE_OPTIONS=--experimental-websocket, to look inside')
  const results: ({ name: string } & Awaited<ReturnType<typeof longRun>>)[] = []
  for (const contestant of CONTESTANTS) results.push({ name: contestant.name, ...(await longRun(contestant)) })
  const mb = (bytes = 0) => String(Math.round(bytes / 1e6))
  const figures = (pick: (held: Held[]) => Held | undefined) =>
    results.map(({ held }) => {
      const { isolate, wasm, process } = pick(held) ?? {}
      return `${mb(isolate)} / ${mb(wasm)} / ${mb(process)}`
    })
  printTable(
    `The Worker in workerd, logs of ${ROWS_A_LOG.toLocaleString('en')} trace events: MB of heap and buffers / WebAssembly / whole process`,
    ['after log', ...results.map(({ name }) => name)],
    [
      ...PRINTED.map((log) => [String(log), ...figures((held) => held[log - 1])]),
      ['compacted', ...figures((held) => held[LOGS])],
      // Garbage comes and goes: what a batch leaves behind for good would raise the least of the later ones.
      ['least after 2 to 12', ...figures((held) => least(held.slice(1, LOGS / 2)))],
      ['least after 13 to 24', ...figures((held) => least(held.slice(LOGS / 2, LOGS)))],
      ['rows/s', ...results.map(({ speed }) => Math.round(speed).toLocaleString('en'))],
    ],
  )
}

const least = (held: Held[]) => held.toSorted((a, b) => a.isolate - b.isolate)[0]

async function longRun({ name, entry, parquet }: (typeof CONTESTANTS)[number]) {
  const miniflare = runWorker(await bundleWorker(`bench-${parquet}`, entry, '--parquet', parquet))
  try {
    const bucket = await miniflare.getR2Bucket('LOGS', 'main')
    const worker = await miniflare.getWorker('main')
    const inspector = await openInspector(miniflare)
    const pid = workerdPid()
    const look = async (): Promise<Held> => {
      const wasm = (await (await miniflare.dispatchFetch('http://x/')).json()) as number
      return { isolate: await inspector.held(), wasm, process: residentBytes(pid) }
    }
    const run = async (cron: string) => {
      const start = performance.now()
      const { outcome } = await worker.scheduled({ cron })
      if (outcome !== 'ok') throw new Error(`${name}: the run of "${cron}" failed`)
      return performance.now() - start
    }
    const held: Held[] = []
    let milliseconds = 0
    for (let log = 0; log < LOGS; log++) {
      await bucket.put(`logs/${String(log).padStart(3, '0')}.log.gz`, new Uint8Array(traceEvents(log)))
      milliseconds += await run('*/5 * * * *')
      held.push(await look())
    }
    await run('7 * * * *')
    held.push(await look())
    inspector.close()
    return { held, speed: (LOGS * ROWS_A_LOG * 1000) / milliseconds }
  } finally {
    await miniflare.dispose()
  }
}

/** The runtime that this process has started. */
function workerdPid(): number {
  const children = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  return Number(/(\d+) workerd/.exec(children)?.[1])
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Asks the isolate of the Worker over the inspector's protocol. */
async function openInspector(miniflare: Miniflare) {
  const { host } = await miniflare.getInspectorURL()
  const targets = (await (await fetch(`http://${host}/json`)).json()) as { id: string; webSocketDebuggerUrl: string }[]
  const target = targets.find(({ id }) => id.includes('main'))
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '')
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }))
  let asked = 0
  const ask = (method: string) =>
    new Promise<Record<string, number>>((resolve) => {
      const id = ++asked
      socket.addEventListener('message', function listen({ data }) {
        const answer = JSON.parse(String(data))
        if (answer.id !== id) return
        socket.removeEventListener('message', listen)
        resolve(answer.result ?? {})
      })
      socket.send(JSON.stringify({ id, method }))
    })
  return {
    /** Bytes that the isolate holds, garbage included: heap and buffers. */
    async held(): Promise<number> {
      const { usedSize = 0, backingStorageSize = 0 } = await ask('Runtime.getHeapUsage')
      return usedSize + backingStorageSize
    },
    close: () => socket.close(),
  }
}

function traceEvents(log: number): Buffer {
  const hex = () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  const lines = Array.from({ length: ROWS_A_LOG }, (_, n) => {
    const timestamp = new Date(Date.UTC(2026, 2, 1) + log * 300_000 + n * 5).toISOString()
    const request = { routePath: `/products/${n % 40}`, method: 'GET', statusCode: 200, durationMs: n % 997 }
    const traceId = hex() + hex() + hex() + hex()
    const entry = { _type: 'stoma_analytics', timestamp, gatewayName: 'shop', ...request, responseSize: n, traceId }
    const logs = [{ Level: 'log', Message: [JSON.stringify(entry)], TimestampMs: n }]
    return JSON.stringify({ EventTimestampMs: n, EventType: 'fetch', Logs: logs, Outcome: 'ok', ScriptName: 'shop' })
  })
  return gzipSync(`${lines.join('\n')}\n`, { level: 1 })
}
