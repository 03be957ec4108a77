import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { generateLogs } from '../test/support/generate.ts'
import { type Contestant, megabytes, race, ratio } from './measure.ts'
import { readBack } from './read-back.ts'
import { printTable, say } from './report.ts'

/**
 * NDJSON to ZSTD Parquet, whole process, every output read back; native DuckDB beside it on the same files. `projects`
 * are folders by the engine they were emitted with.
 */
export async function benchIngest(root: string, projects: Record<string, string>, work: string): Promise<void> {
  const peaks: Record<number, Map<string, number>> = {}
  for (const lines of [100_000, 1_000_000]) {
    const logs = join(work, `logs-${lines}`)
    rmSync(logs, { recursive: true, force: true })
    // Traffic of some hours, as a run every few minutes or a catch-up after a weekend would find it.
    const to = '2026-02-28T02:00:00Z'
    const made = await generateLogs(logs, { lines, files: 8, rubbish: 0, to })
    const lake = join(work, 'lake')
    const fresh = () => {
      rmSync(lake, { recursive: true, force: true })
      mkdirSync(lake, { recursive: true })
    }
    const check = () => readBack(`${lake}/**/*.parquet`, made)
    const native = (threads: number): Contestant => ({
      name: `native DuckDB, ${threads} thread${threads > 1 ? 's' : ''}`,
      args: [join(root, 'bench/peers/duckdb.mjs'), String(threads), `${logs}/*.ndjson`, lake],
      cwd: root,
      before: fresh,
      check,
    })
    const command = ['--import', 'tsx', 'src/worker/standalone.ts', 'ingest', '--settle', '0', '--json']
    const ours = Object.entries(projects).flatMap(([engine, cwd]) =>
      [1, availableParallelism()].map((workers) => ({
        name: `ingest, ${engine}, ${workers} process${workers > 1 ? 'es' : ''}`,
        args: [...command, '--source', logs, '--lake', lake, '--workers', String(workers)],
        cwd,
        before: fresh,
        check,
      })),
    )
    const results = await race([...ours, native(1), native(availableParallelism())], lines > 500_000 ? 1 : 3)
    const peer = results.get('native DuckDB, 1 thread')
    peaks[lines] = new Map(ours.map(({ name }) => [name, results.get(name)?.rss ?? 0]))
    printTable(
      `Ingest of ${lines.toLocaleString('en')} lines (whole process)`,
      ['engine', 'rows/s', 'wall', 'ratio', 'CPU', 'ratio', 'peak memory', 'ratio'],
      [...results].map(([name, { wall, cpu, rss }]) => [
        name,
        Math.round(made.valid / wall).toLocaleString('en'),
        `${wall.toFixed(2)} s`,
        ratio(wall, peer?.wall ?? 0),
        `${cpu.toFixed(2)} s`,
        ratio(cpu, peer?.cpu ?? 0),
        megabytes(rss),
        ratio(rss, peer?.rss ?? 0),
      ]),
    )
  }
  const growth = [...(peaks[1_000_000] ?? [])].map(([name, large]) => {
    const small = peaks[100_000]?.get(name) ?? 0
    return `${name} ${ratio(large, small)}`
  })
  say(`Peak memory at 1,000,000 lines, in multiples of that at 100,000: ${growth.join('; ')}.`)
}
