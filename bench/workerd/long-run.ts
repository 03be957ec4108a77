import { gzipSync } from 'node:zlib'
import type { Miniflare } from 'miniflare'
import { bundleWorker, runWorker } from '../../test/cloudflare/worker.ts'
import { checkParquet } from './check.ts'
import { cpuMilliseconds, openInspector, residentBytes, workerdPid } from './inside.ts'
import { type Delivery, logOf } from './logs.ts'

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
/** The same bytes from R2, and to it as many as Parquet takes: what the simulator and the runtime take by themselves. */
const onlyR2 = (rows: number) => `export default {
  async scheduled(_event: unknown, { LOGS, LAKE }: any) {
    for (const { key } of (await LOGS.list({ prefix: 'logs/' })).objects) {
      if (await LAKE.head(key)) continue
      const bytes = await new Response((await LOGS.get(key)).body).arrayBuffer()
      await LAKE.put(key, bytes.slice(0, ${rows * BYTES_A_ROW}))
    }
  },
  fetch: () => Response.json(0),
}
`

const BYTES_A_ROW = 24

export const R2_ALONE = 'R2 alone'
export type Engine = 'columnar' | 'duckdb-wasm' | typeof R2_ALONE

/** Bytes after a log; `isolate` and `wasm` together count against 128 MB. */
export interface Held {
  /** Heap and buffers, garbage included; without WebAssembly's memory. */
  isolate: number
  wasm: number
  /** Resident memory of the whole runtime: the isolate, the simulator of R2, what the allocator keeps. */
  process: number
}

export interface LongRun {
  /** After each log, and after they were compacted. */
  held: Held[]
  /** Of ingest, each row: wall and CPU time of the whole runtime, without the first log, on which it compiles. */
  nanoseconds: { wall: number; cpu: number }
  /** Bytes of the Worker's modules, each gzipped. */
  script: number
}

/** A long run of one isolate, log after log: what it holds after each. A Worker has 128 MB for all of it. */
export async function longRun(
  engine: Engine,
  delivery: Delivery,
  { logs, rows }: { logs: number; rows: number },
): Promise<LongRun> {
  const parquet = engine === R2_ALONE ? 'columnar' : engine
  const flags = ['--parquet', parquet, '--format', delivery === 'plain lines' ? 'standard' : 'cloudflare']
  const modules = await bundleWorker(`bench-${parquet}`, engine === R2_ALONE ? onlyR2(rows) : WATCHED, ...flags)
  const miniflare = runWorker(modules)
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
      const before = { wall: performance.now(), cpu: cpuMilliseconds(pid) }
      const { outcome } = await worker.scheduled({ cron })
      if (outcome !== 'ok') throw new Error(`${engine}: the run of "${cron}" failed`)
      return { wall: performance.now() - before.wall, cpu: cpuMilliseconds(pid) - before.cpu }
    }
    const held: Held[] = []
    const total = { wall: 0, cpu: 0 }
    for (let log = 0; log < logs; log++) {
      const name = `logs/${String(log).padStart(3, '0')}`
      await bucket.put(`${name}.${delivery === 'plain lines' ? 'ndjson' : 'log.gz'}`, logOf(delivery, log, rows))
      const took = await run('*/5 * * * *')
      if (log > 0) for (const what of ['wall', 'cpu'] as const) total[what] += took[what]
      held.push(await look())
    }
    await run('7 * * * *')
    held.push(await look())
    inspector.close()
    if (engine !== R2_ALONE) await checkParquet(await compactedFiles(miniflare), logs * rows)
    const each = (milliseconds: number) => (milliseconds * 1e6) / ((logs - 1) * rows)
    let script = 0
    for (const { contents } of modules) script += gzipSync(contents).length
    return { held, nanoseconds: { wall: each(total.wall), cpu: each(total.cpu) }, script }
  } finally {
    await miniflare.dispose()
  }
}

async function compactedFiles(miniflare: Miniflare): Promise<Uint8Array[]> {
  const lake = await miniflare.getR2Bucket('LAKE', 'main')
  const keys = (await lake.list()).objects.map(({ key }) => key).filter((key) => key.endsWith('/compacted.parquet'))
  const bytesOf = async (key: string) => new Uint8Array((await (await lake.get(key))?.arrayBuffer()) ?? [])
  return Promise.all(keys.map(bytesOf))
}
