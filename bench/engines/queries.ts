import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { generateLogs } from '../../test/support/generate.ts'
import { median, race, ratio } from '../measure.ts'
import { ask, readBack } from '../read-back.ts'
import { printTable } from '../report.ts'
import { type Place, writes } from './peers.ts'

const ROWS = Number(process.env.QUERY_ROWS ?? 1_000_000)
const DAY = '2026-03-01'

/** A query, and how many times as long it takes over our file as over DuckDB's own. */
export interface Asked {
  query: string
  ratio: number
}

/**
 * Native DuckDB, one thread, asks two files of the same day: one compacted by an emitted project, one that DuckDB wrote
 * itself, in the order of the lines. Both in one process, in turn, after runs that warm its caches.
 */
export async function benchQueries(place: Place, project: string): Promise<Asked[]> {
  const logs = join(place.work, 'day')
  const lake = join(place.work, 'day-lake')
  for (const folder of [logs, lake]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(lake)
  const day = { from: `${DAY}T00:00:00Z`, to: `${DAY}T23:59:50Z` }
  const made = await generateLogs(logs, { lines: ROWS, files: 8, rubbish: 0, ...day })
  const command = ['--import', 'tsx', 'src/worker/standalone.ts']
  const job = (...args: string[]) => ({ name: args[0] as string, args: [...command, ...args], cwd: project })
  await race([job('ingest', '--source', logs, '--lake', lake, '--settle', '0')], 0)
  await race([job('compact', '--lake', lake, '--before', '0s')], 0)
  const native = [join(place.root, 'bench/peers/duckdb.mjs'), '1', `${logs}/*`]
  await race([writes(place, 'native DuckDB', native)], 0)

  const files = { ours: `${lake}/analytics/**/compacted.parquet`, duckdb: `${place.output}/all.parquet` }
  for (const file of Object.values(files)) await readBack(file, made)
  const [middle] = await ask(`SELECT traceId FROM '${files.duckdb}' OFFSET ${ROWS >> 1} LIMIT 1`)
  const peer = [join(place.root, 'bench/peers/queries.mjs'), files.ours, files.duckdb, DAY, String(middle?.[0])]
  const [usage] = (await race([{ name: 'queries', args: peer, cwd: place.root }], 0)).values()
  const taken: { query: string; ours: number[]; duckdb: number[] }[] = JSON.parse(usage?.stdout ?? '')

  const milliseconds = (values: number[]) => `${median(values).toFixed(1)} ms`
  const asked = taken.map(({ query, ours, duckdb }) => ({ query, ours, duckdb, ratio: median(ours) / median(duckdb) }))
  printTable(
    `DuckDB, one thread, over a day of ${ROWS.toLocaleString('en')} rows (median of ${taken[0]?.ours.length} runs)`,
    ['query', 'over our compacted file', "over DuckDB's own", 'ratio'],
    asked.map((one) => [one.query, milliseconds(one.ours), milliseconds(one.duckdb), ratio(one.ratio, 1)]),
  )
  return asked
}
