import { createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { build } from 'esbuild'
import { type Generated, generateLogs } from '../test/support/generate.ts'
import { type Contestant, megabytes, printTable, race, ratio, type Usage } from './measure.ts'

const SIZES = (process.env.SIZES ?? '10000,100000,1000000').split(',').map(Number)
/** Beginnings of the names of those that take part. */
const PEERS = (process.env.PEERS ?? '').split(',')
/** Slower than this for a size, a peer is not asked again for larger ones: seconds. */
const PATIENCE = 20

/**
 * Lines into Parquet by every engine, and fragments into one file: whole processes, side by side, outputs read back.
 * BUN and NODE24 name other binaries, CHDB a folder in which chdb is installed; ENGINES, SIZES and PEERS ask for less.
 */
export async function benchEngines(root: string, work: string, only: string | undefined): Promise<void> {
  const peers = join(work, 'peers')
  await build({
    entryPoints: [join(root, 'bench/peers/engine.ts'), join(root, 'bench/peers/merge.ts')],
    ...{ outdir: peers, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
    external: ['@bokuweb/*', '@duckdb/*', 'apache-arrow', 'parquet-wasm'],
    outExtension: { '.js': '.mjs' },
  })
  const output = join(work, 'out')
  const fresh = () => {
    rmSync(output, { recursive: true, force: true })
    mkdirSync(output, { recursive: true })
  }
  const threads = availableParallelism()
  const peer = (name: string, file: string, ...args: string[]): Contestant => ({
    name,
    args: [file, ...args],
    cwd: root,
  })
  const native = (file: string, input: string) =>
    [1, threads].map((n) =>
      peer(`native DuckDB, ${n} thread${n > 1 ? 's' : ''}`, join(root, 'bench/peers', file), String(n), input, output),
    )
  const runtimes: [string, string | undefined][] = [
    [`Node ${process.versions.node.split('.')[0]}`, process.execPath],
    ['Node 24', process.env.NODE24],
    ['Bun', process.env.BUN],
  ]
  const engines = (engine: string, file: string, ...args: string[]): Contestant[] =>
    runtimes.flatMap(([name, exec]) =>
      exec ? [{ ...peer(`${engine}, ${name}`, join(peers, file), engine, ...args, output), exec }] : [],
    )

  for (const kind of ['plain', 'plain, gzip', 'trace events, gzip'] as const) {
    if (only && !kind.startsWith(only)) continue
    const tired = new Set<string>()
    for (const lines of SIZES) {
      const { folder, made } = await inputOf(work, kind, lines)
      const format = kind.startsWith('trace') ? 'cloudflare' : 'standard'
      const glob = `${folder}/*`
      const others = ['duckdb-wasm', 'hyparquet-writer', 'parquet-wasm'].flatMap((engine) =>
        engines(engine, 'engine.mjs', format, folder).slice(0, 1),
      )
      const clickhouse = [1, threads].map((n) =>
        peer(`chdb, ${n} threads`, join(root, 'bench/peers/chdb.mjs'), String(n), glob, output),
      )
      const contestants = [
        ...engines('columnar', 'engine.mjs', format, folder),
        ...native(format === 'standard' ? 'duckdb.mjs' : 'duckdb-trace.mjs', glob),
        ...(process.env.CHDB && format === 'standard' ? clickhouse : []),
        ...others,
      ].filter(({ name }) => !tired.has(name) && PEERS.some((peer) => name.startsWith(peer)))
      const sizes = new Map<string, number>()
      const check = (name: string) => async () => {
        await readBack(`${output}/*.parquet`, made)
        sizes.set(name, bytesIn(output))
      }
      const results = await race(
        contestants.map((one) => ({ ...one, before: fresh, check: check(one.name) })),
        lines > 500_000 ? 2 : 3,
      )
      for (const [name, { wall }] of results) if (wall * 10 > PATIENCE * 2) tired.add(name)
      print(`${kind}: ${lines.toLocaleString('en')} lines into Parquet (whole process)`, results, sizes)
      rmSync(folder, { recursive: true })
    }
  }
  if (!only || only === 'merge') await benchMerge()

  async function benchMerge(): Promise<void> {
    const { folder, made } = await inputOf(work, 'plain', 500_000)
    const fragments = join(work, 'fragments')
    rmSync(fragments, { recursive: true, force: true })
    mkdirSync(fragments)
    const exec = process.env.NODE24 ?? process.execPath
    const write = peer('write', join(peers, 'engine.mjs'), 'columnar', 'standard', folder, fragments)
    await race([{ ...write, exec, env: { ROWS: '10000' } }], 0)
    const sizes = new Map<string, number>()
    const contestants = [
      ...engines('columnar', 'merge.mjs', fragments),
      ...engines('cat', 'merge.mjs', fragments).slice(0, 1),
      ...native('duckdb-merge.mjs', `${fragments}/*.parquet`),
      ...engines('duckdb-wasm', 'merge.mjs', fragments).slice(0, 1),
    ].map((one) => ({
      ...one,
      before: fresh,
      check: async () => {
        if (!one.name.startsWith('cat')) await readBack(`${output}/*.parquet`, made)
        sizes.set(one.name, bytesIn(output))
      },
    }))
    print('50 fragments of 10,000 rows into one file (whole process)', await race(contestants, 3), sizes)
  }
}

function print(title: string, results: Map<string, Usage>, sizes: Map<string, number>): void {
  const base = results.get('native DuckDB, 1 thread')
  printTable(
    title,
    ['engine', 'CPU', 'ratio', 'wall', 'ratio', 'peak memory', 'ratio', 'output'],
    [...results].map(([name, { wall, cpu, rss }]) => [
      name,
      ...[`${cpu.toFixed(2)} s`, ratio(cpu, base?.cpu ?? 0), `${wall.toFixed(2)} s`, ratio(wall, base?.wall ?? 0)],
      ...[megabytes(rss), ratio(rss, base?.rss ?? 0), `${((sizes.get(name) ?? 0) / 1e6).toFixed(2)} MB`],
    ]),
  )
}

const bytesIn = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

/** Logs of an hour, in one file; or the same lines as Logpush delivers them. */
async function inputOf(work: string, kind: string, lines: number): Promise<{ folder: string; made: Generated }> {
  const folder = join(work, `logs-${lines}`)
  rmSync(folder, { recursive: true, force: true })
  const hour = { from: '2026-02-28T01:00:00Z', to: '2026-02-28T01:59:00Z' }
  const made = await generateLogs(folder, { lines, rubbish: 0, gzip: kind === 'plain, gzip', ...hour })
  if (kind.startsWith('trace')) {
    const plain = join(folder, 'traffic-0000.ndjson')
    async function* events() {
      for await (const line of createInterface({ input: createReadStream(plain) })) yield `${traceEvent(line)}\n`
    }
    await pipeline(events(), createGzip({ level: 6 }), createWriteStream(join(folder, 'events.ndjson.gz')))
    rmSync(plain)
  }
  return { folder, made }
}

function traceEvent(line: string): string {
  const { timestamp, statusCode } = JSON.parse(line)
  const TimestampMs = Date.parse(timestamp)
  return JSON.stringify({
    ...{ CPUTimeMs: 3, DispatchNamespace: '', Entrypoint: '' },
    Event: {
      RayID: '8f2a1c3b4d5e6f70',
      Request: { URL: 'https://api.example.com/p', Method: 'GET' },
      Response: { Status: statusCode },
    },
    ...{ EventTimestampMs: TimestampMs, EventType: 'fetch', Exceptions: [] },
    Logs: [{ Level: 'log', Message: [line], TimestampMs }],
    ...{ Outcome: 'ok', ScriptName: 'gateway', ScriptTags: [], ScriptVersion: { ID: '0f8fad5b' }, WallTimeMs: 12 },
  })
}

/** Throws unless the files hold exactly the generated rows. */
async function readBack(glob: string, made: Generated): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const sums = 'count(*), sum(statusCode), sum(durationMs), sum(responseSize), count(DISTINCT traceId)'
  const result = await connection.runAndReadAll(`SELECT ${sums} FROM read_parquet('${glob}', union_by_name = true)`)
  const found = (result.getRows()[0] ?? []).map(Number)
  connection.closeSync()
  instance.closeSync()
  const expected = [made.valid, made.statusSum, made.durationSum, made.sizeSum, made.valid]
  if (String(found) !== String(expected)) throw new Error(`read back ${found}, written ${expected}`)
}
