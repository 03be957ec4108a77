import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { say } from '../report.ts'
import { benchLines } from './lines.ts'
import { benchMerging } from './merging.ts'
import { CORES, prepare, RUNTIMES } from './peers.ts'
import { benchQueries } from './queries.ts'
import { targetTable } from './targets.ts'
import { benchWorker } from './worker.ts'

const LESS = ['ENGINES', 'SIZES', 'PEERS', 'QUERY_ROWS', 'LOGS', 'ROWS_A_LOG']
const MORE = ['NODE24', 'BUN', 'CHDB']

/** What keeps this run from being the whole one; only the whole one is written down. */
export const missing = (): string[] => [
  ...LESS.flatMap((name) => (process.env[name] ? [`${name} asks for less`] : [])),
  ...MORE.flatMap((name) => (process.env[name] ? [] : [`${name} is not set`])),
]

/**
 * Parquet by every engine: from lines, from fragments, in workerd; and what DuckDB takes to query it. Whole processes,
 * side by side, outputs read back. NODE24 and BUN name other binaries, CHDB a folder in which chdb is installed. ENGINES
 * (beginnings of `plain`, `plain, gzip`, `trace events`, `trace events, gzip`, `merge`, `queries`, `workerd`, joined by
 * `;`), SIZES, PEERS, QUERY_ROWS, LOGS and ROWS_A_LOG ask for less. Resolves to the targets of a whole run, as a table.
 */
export async function benchEngines(root: string, work: string, project: string): Promise<string | undefined> {
  const parts = (process.env.ENGINES ?? '').split(';')
  const wanted = (part: string) => parts.some((beginning) => part.startsWith(beginning))
  const place = await prepare(root, work)
  say(versions(root))
  const results = {
    lines: await benchLines(place, wanted),
    merged: wanted('merge') ? await benchMerging(place) : [],
    asked: wanted('queries') ? await benchQueries(place, project) : [],
    workerd: wanted('workerd') ? await benchWorker() : [],
  }
  if (LESS.some((name) => process.env[name])) return
  const targets = targetTable(results)
  console.log(`\n${targets}`)
  return targets
}

/** The machine, and whatever was measured on it. */
function versions(root: string): string {
  const installed = (name: string, folder = root) =>
    JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
  const runtimes = RUNTIMES.map(({ name, exec }) => {
    const version = execFileSync(exec, ['--version'], { encoding: 'utf8' }).trim().replace('v', '')
    return `${name.split(' ')[0]} ${version}`
  })
  const peers = [
    `DuckDB ${installed('@duckdb/node-api').split('-')[0]}`,
    ...(process.env.CHDB ? [`ClickHouse in chdb ${installed('chdb', process.env.CHDB)}`] : []),
    ...['@duckdb/duckdb-wasm', 'hyparquet-writer', 'parquet-wasm', 'workerd'].map(
      (name) => `${name.split('/').at(-1)} ${installed(name)}`,
    ),
  ]
  return `${cpus()[0]?.model.trim()}, ${CORES} cores; ${[...runtimes, ...peers].join(', ')}.`
}
