import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { generateLogs } from '../test/support/generate.ts'
import { megabytes, race, ratio, type Usage } from './measure.ts'
import { printTable, say } from './report.ts'

const BYTES_PER_LINE = 270
const ONE_DAY = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T23:59:00Z' }
/** What a Worker has. */
const WORKER_MB = 128

/**
 * Peak memory of whole processes, over inputs of growing size: plain logs, one gzip file, a partition of many times the
 * buffer, and a run under the limit of a Worker. `--large` adds a gzip file of 1 GB. Logs and lake lie in TMPDIR.
 */
export async function benchMemory(project: string, { large }: { large: boolean }): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'memory-'))
  const rows: string[][] = []
  const lake = (name: string) => join(work, `lake-${name}`)

  async function measure(name: string, input: string, args: string[], nodeFlags: string[] = []): Promise<Usage> {
    const command = ['--import', 'tsx', 'src/worker/standalone.ts', ...args, '--settle', '0', '--json']
    const usage = (await race([{ name, args: [...nodeFlags, ...command], cwd: project }], 0)).get(name) as Usage
    rows.push([name, input, megabytes(usage.rss), `${usage.wall.toFixed(1)} s`])
    return usage
  }
  async function logs(name: string, bytes: number, gzip = false): Promise<{ folder: string; input: string }> {
    const folder = join(work, `logs-${name}`)
    mkdirSync(folder)
    const file = join(folder, `traffic-0000.ndjson${gzip ? '.gz' : ''}`)
    await generateLogs(folder, { lines: Math.round(bytes / BYTES_PER_LINE), rubbish: 0.01, gzip, ...ONE_DAY })
    const plain = gzip ? await inflatedSize(file) : statSync(file).size
    return { folder, input: gzip ? `${megabytes(statSync(file).size)} gzip of ${megabytes(plain)}` : megabytes(plain) }
  }

  try {
    const small = await logs('small', 1e8)
    const big = await logs('big', 1e9)
    const first = await measure('ingest', small.input, ['ingest', '--source', small.folder, '--lake', lake('small')])
    const second = await measure('ingest', big.input, ['ingest', '--source', big.folder, '--lake', lake('big')])
    const compact = ['compact', '--before', '0s', '--lake']
    const third = await measure('compact one day', small.input, [...compact, lake('small')])
    const fourth = await measure('compact one day', big.input, [...compact, lake('big')])
    rmSync(big.folder, { recursive: true })
    rmSync(lake('big'), { recursive: true })

    for (const [name, bytes] of [['gzip', 1e9], ...(large ? ([['large', 6e9]] as const) : [])] as const) {
      const packed = await logs(name, bytes, true)
      await measure('ingest', packed.input, ['ingest', '--source', packed.folder, '--lake', lake(name)])
      rmSync(packed.folder, { recursive: true })
      rmSync(lake(name), { recursive: true })
    }

    const limits = ['--max-old-space-size=40', '--max-semi-space-size=1']
    const flags = [...limits, '--import', new URL('./memory-parts.mjs', import.meta.url).href]
    const lean = ['ingest', '--source', small.folder, '--lake', lake('lean'), '--max-entries-per-file', '20000']
    const limited = await measure('ingest, 20,000 rows at a time, heap limited', small.input, lean, flags)
    printTable('Peak memory (whole process)', ['run', 'input', 'peak memory', 'wall'], rows)
    say(
      `Ten times the input takes ${ratio(second.rss, first.rss)} times the memory to ingest, ${ratio(fourth.rss, third.rss)} times to compact.`,
    )
    const { heap, buffers, wasm } = JSON.parse(limited.stdout.trim().split('\n').at(-1) ?? '')
    printTable(
      `What counts towards the ${WORKER_MB} MB of a Worker`,
      ['heap', 'buffers', 'WebAssembly', 'together'],
      [[heap, buffers, wasm, heap + buffers + wasm].map(megabytes)],
    )
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function inflatedSize(file: string): Promise<number> {
  let size = 0
  for await (const chunk of createReadStream(file).pipe(createGunzip({ chunkSize: 1 << 20 }))) size += chunk.length
  return size
}
