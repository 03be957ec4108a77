import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Contestant } from '../measure.ts'
import type { Kind } from './inputs.ts'

export const CORES = availableParallelism()
/** Every core, whatever takes part: threads of others, processes of ours. */
const onAll = CORES > 1 ? [1, CORES] : [1]
const threadsOf = (peer: string, count: number) => `${peer}, ${count} thread${count > 1 ? 's' : ''}`
export const DUCKDB = threadsOf('native DuckDB', 1)
export const DUCKDB_ALL = threadsOf('native DuckDB', CORES)

/** What the columnar engine runs on: NODE24 and BUN name other binaries. */
export const RUNTIMES = [
  { name: `Node ${process.versions.node.split('.')[0]}`, exec: process.execPath },
  ...(process.env.NODE24 ? [{ name: 'Node 24', exec: process.env.NODE24 }] : []),
  ...(process.env.BUN ? [{ name: 'Bun', exec: process.env.BUN }] : []),
]
export const oursOn = (runtime: string) => `columnar, ${runtime}`
export const poolOn = (runtime: string) => `${oursOn(runtime)}, ${CORES} processes`
/** What takes ten times as long as the others. */
export const LIBRARIES = ['duckdb-wasm', 'hyparquet-writer', 'parquet-wasm']
export const catOn = (runtime: string) => `cat, ${runtime}`

const wanted = (process.env.PEERS ?? '').split(',')
/** Those whose name begins as PEERS asks. */
const asked = (contestants: Contestant[]) =>
  contestants.filter(({ name }) => wanted.some((beginning) => name.startsWith(beginning)))

/** Where the measured processes are, and the one folder that all of them write to, in turn. */
export interface Place {
  root: string
  work: string
  bundles: string
  output: string
}

/** Bundles the engines, so that no process pays for loading TypeScript. */
export async function prepare(root: string, work: string): Promise<Place> {
  const bundles = join(work, 'peers')
  await build({
    entryPoints: ['engine', 'merge'].map((name) => join(root, `bench/peers/${name}.ts`)),
    ...{ outdir: bundles, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
    external: ['@bokuweb/*', '@duckdb/*', 'apache-arrow', 'parquet-wasm'],
    outExtension: { '.js': '.mjs' },
  })
  return { root, work, bundles, output: join(work, 'out') }
}

/** A process that writes to the emptied folder of outputs, which is its last argument. */
export const writes = ({ root, output }: Place, name: string, args: string[], env = {}): Contestant => ({
  ...{ name, args: [...args, output], cwd: root, env },
  before: () => {
    rmSync(output, { recursive: true, force: true })
    mkdirSync(output, { recursive: true })
  },
})

/** Lines of a folder into Parquet. */
export function intoParquet(place: Place, kind: Kind, folder: string): Contestant[] {
  const format = kind.startsWith('trace') ? 'cloudflare' : 'standard'
  const engine = (name: string) => [join(place.bundles, 'engine.mjs'), name, format, folder]
  const columnar = (name: string, exec: string, env = {}) => ({ ...writes(place, name, engine('columnar'), env), exec })
  const duckdb = join(place.root, 'bench/peers', format === 'standard' ? 'duckdb.mjs' : 'duckdb-trace.mjs')
  const chdb = join(place.root, 'bench/peers/chdb.mjs')
  return asked([
    ...RUNTIMES.map(({ name, exec }) => columnar(oursOn(name), exec)),
    ...(CORES > 1 ? RUNTIMES : []).map(({ name, exec }) => columnar(poolOn(name), exec, { WORKERS: String(CORES) })),
    ...onAll.map((n) => writes(place, threadsOf('native DuckDB', n), [duckdb, String(n), `${folder}/*`])),
    ...(process.env.CHDB ? onAll : []).map((n) =>
      writes(place, threadsOf('ClickHouse', n), [chdb, String(n), format, `${folder}/*`]),
    ),
    ...LIBRARIES.map((name) => writes(place, name, engine(name))),
  ])
}

/** The Parquet files of a folder into one. */
export function intoOne(place: Place, folder: string): Contestant[] {
  const merge = (engine: string) => [join(place.bundles, 'merge.mjs'), engine, folder]
  const duckdb = join(place.root, 'bench/peers/duckdb-merge.mjs')
  return asked([
    ...RUNTIMES.map(({ name, exec }) => ({ ...writes(place, oursOn(name), merge('columnar')), exec })),
    ...RUNTIMES.map(({ name, exec }) => ({ ...writes(place, catOn(name), merge('cat')), exec })),
    ...onAll.map((n) => writes(place, threadsOf('native DuckDB', n), [duckdb, String(n), `${folder}/*.parquet`])),
    writes(place, 'duckdb-wasm', merge('duckdb-wasm')),
  ])
}
