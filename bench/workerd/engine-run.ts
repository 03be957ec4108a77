import { bundleWorker, runWorker } from '../../test/cloudflare/worker.ts'
import { checkParquet } from './check.ts'
import { cpuMilliseconds, workerdPid } from './inside.ts'
import { type Delivery, linesOf } from './logs.ts'

/** The engine and the format of an emitted Worker, by themselves: lines come with a request, their Parquet goes back. */
const ENGINE = `import { readEntries, startReading } from './src/processor/entries.ts'
import { columns } from './src/schema.ts'
import { openEngine } from './src/wiring/engine.ts'
import { parseLine } from './src/wiring/format.ts'

const { writer } = openEngine()
const scanner = writer.openScanner?.(columns)
const sha256 = { update() {}, digest: () => '' }

async function* blocks(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20))
}

async function parquetOf(lines: Uint8Array) {
  const batch = writer.open(columns)
  await readEntries(
    { key: '', path: '', offset: 0, identity: '', body: blocks(lines), sha256 },
    startReading(),
    { parseLine },
    {
      add: ({ entry }) => batch.add(entry),
      scanned: scanner && { scanner, add: () => batch.addScanned?.() },
    } as any,
  )
  return batch.finish({})
}

export default {
  async fetch(request: Request) {
    const lines = new Uint8Array(await request.arrayBuffer())
    return request.url.endsWith('/parquet') ? new Response(await parquetOf(lines)) : Response.json(lines.length)
  },
}
`

/** What a Worker of a small plan can buffer, and what `maxEntriesPerFile` is there. */
const ROWS = 20_000
/** The first ones compile. */
const WARM_UP = 10

/** Nanoseconds of CPU time a row, of a runtime that is warm; what the request alone takes is taken off. */
export async function engineRun(delivery: Delivery, { batches }: { batches: number }): Promise<number> {
  const format = delivery === 'plain lines' ? 'standard' : 'cloudflare'
  const miniflare = runWorker(await bundleWorker('bench-engine', ENGINE, '--format', format))
  try {
    await miniflare.ready
    const body = linesOf(delivery, 0, ROWS)
    const pid = workerdPid()
    const measure = async (path: string, check: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>) => {
      let before = 0
      for (let n = -WARM_UP; n < batches; n++) {
        if (n === 0) before = cpuMilliseconds(pid)
        const response = await miniflare.dispatchFetch(`http://x/${path}`, { method: 'POST', body })
        const bytes = new Uint8Array(await response.arrayBuffer())
        if (n === batches - 1) await check(bytes)
      }
      return ((cpuMilliseconds(pid) - before) * 1e6) / (batches * ROWS)
    }
    const drained = async (bytes: Uint8Array) => {
      if (Number(new TextDecoder().decode(bytes)) !== body.length) throw new Error('the body did not arrive whole')
    }
    return (await measure('parquet', (bytes) => checkParquet([bytes], ROWS))) - (await measure('drain', drained))
  } finally {
    await miniflare.dispose()
  }
}
