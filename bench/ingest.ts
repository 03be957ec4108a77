import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Generated, generateLogs } from '../test/support/generate.ts'
import { type Contestant, megabytes, printTable, race, ratio } from './measure.ts'

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
  console.log()
  for (const [name, large] of peaks[1_000_000] ?? [])
    console.log(
      `Peak memory of ${name} at 1,000,000 lines: ${ratio(large, peaks[100_000]?.get(name) ?? 0)} times that at 100,000.`,
    )
}

/** Throws unless the files hold exactly the generated rows. */
async function readBack(glob: string, made: Generated): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const sums = 'count(*), sum(statusCode), sum(durationMs), sum(responseSize)'
  const result = await connection.runAndReadAll(`SELECT ${sums} FROM read_parquet('${glob}', union_by_name = true)`)
  const found = (result.getRows()[0] ?? []).map(Number)
  connection.closeSync()
  instance.closeSync()
  const expected = [made.valid, made.statusSum, made.durationSum, made.sizeSum]
  if (String(found) !== String(expected)) throw new Error(`read back ${found}, written ${expected}`)
}
