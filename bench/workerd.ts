import { gzipSync } from 'node:zlib'
import type { Miniflare } from 'miniflare'
import { bundleWorker, runWorker } from '../test/cloudflare/worker.ts'

const ROWS_A_LOG = 20_000
const LOGS = 12

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
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(String(data))
        if (answer.id === id) resolve(answer.result ?? {})
      })
      socket.send(JSON.stringify({ id, method }))
    })
  return {
    /** Bytes that the isolate holds, garbage included: heap, buffers and WebAssembly. */
    async held(): Promise<number> {
      const { usedSize = 0, backingStorageSize = 0 } = await ask('Runtime.getHeapUsage')
      return usedSize + backingStorageSize
    },
    close: () => socket.close(),
  }
}

const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

/** A long run of one isolate, log after log: what it holds after each. A Worker has 128 MB for all of it. */
export async function benchWorkerd(): Promise<void> {
  if (!('WebSocket' in globalThis))
    return console.log('workerd: wants Node 22, or --experimental-websocket, to look inside')
  console.log(`\n### The Worker in workerd: ${LOGS} logs of ${ROWS_A_LOG.toLocaleString('en')} trace events each\n`)
  console.log('| engine | after 1 log | after half | after all | once compacted | rows/s |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const parquet of ['duckdb-wasm', 'columnar']) {
    const unchanged = "export { default } from './src/worker/scheduled.ts'\n"
    const miniflare = runWorker(await bundleWorker(`bench-${parquet}`, unchanged, '--parquet', parquet))
    const bucket = await miniflare.getR2Bucket('LOGS', 'main')
    const worker = await miniflare.getWorker('main')
    const inspector = await openInspector(miniflare)
    const run = async (cron: string) => {
      const start = performance.now()
      const { outcome } = await worker.scheduled({ cron })
      if (outcome !== 'ok') throw new Error(`${parquet}: the run of "${cron}" failed`)
      return performance.now() - start
    }
    const after: number[] = []
    let milliseconds = 0
    for (let log = 0; log < LOGS; log++) {
      await bucket.put(`logs/${String(log).padStart(3, '0')}.log.gz`, new Uint8Array(traceEvents(log)))
      milliseconds += await run('*/5 * * * *')
      after.push(await inspector.held())
    }
    await run('7 * * * *')
    const figures = [after[0], after[LOGS / 2], after.at(-1), await inspector.held()].map((bytes) => mb(bytes ?? 0))
    const speed = Math.round((LOGS * ROWS_A_LOG * 1000) / milliseconds).toLocaleString('en')
    console.log(`| ${[parquet, ...figures, speed].join(' | ')} |`)
    inspector.close()
    await miniflare.dispose()
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
