import { megabytes, table } from '../measure.ts'
import { IDS, KINDS, type Kind } from './inputs.ts'
import type { Measured } from './lines.ts'
import type { Merged } from './merging.ts'
import { catOn, DUCKDB, DUCKDB_ALL, oursOn, poolOn, RUNTIMES } from './peers.ts'
import type { Asked } from './queries.ts'
import type { InWorkerd } from './worker.ts'

export interface Results {
  lines: Measured[]
  merged: Merged[]
  asked: Asked[]
  workerd: InWorkerd[]
}

/** A figure, and whose it is. */
interface Figure {
  of: string
  value: number
}

const two = (value: number) => value.toFixed(2)
const max = (values: number[]) => Math.max(...values)

/** What the engine was built to reach, and what it reached: the worse of both kinds of trace ids, at a million rows. */
export function targetTable({ lines, merged, asked, workerd }: Results): string {
  const rows: string[][] = []
  const target = (what: string, limit: number, figures: Figure[], show = two, aimed = `at most ${show(limit)}`) => {
    const met = figures.filter(({ value }) => Number(value.toFixed(2)) <= limit)
    const verdict =
      met.length === figures.length ? 'yes' : met.length === 0 ? 'no' : `only ${met.map(({ of }) => of).join(', ')}`
    const reached = figures.map(({ of, value }) => (of ? `${of} ${show(value)}` : show(value)))
    rows.push([what, aimed, reached.join(', '), verdict])
  }

  const most = max(lines.map((one) => one.lines))
  const find = (kind: Kind, ids: string, name: string) =>
    lines.find((one) => one.lines === most && one.kind === kind && one.ids === ids && one.name === name) as Measured
  const against = (kind: Kind, what: 'cpu' | 'wall' | 'rss' | 'bytes', name: string, peer: string) =>
    max(IDS.map((ids) => find(kind, ids, name)[what] / find(kind, ids, peer)[what]))
  const onEach = (value: (runtime: string) => number, runtimes = RUNTIMES.map(({ name }) => name)) =>
    runtimes.map((of) => ({ of, value: value(of) }))
  const [node, bun] = [/Node/, /Bun/].map((is) => RUNTIMES.flatMap(({ name }) => (is.test(name) ? [name] : [])))

  const cpu = (kind: Kind) => (runtime: string) => against(kind, 'cpu', oursOn(runtime), DUCKDB)
  target('CPU time, plain lines, Node, against DuckDB with one thread', 0.7, onEach(cpu('plain'), node))
  target('the same, Bun', 0.5, onEach(cpu('plain'), bun))
  target('CPU time, trace events in gzip, against DuckDB with one thread', 0.8, onEach(cpu('trace events, gzip')))
  for (const kind of ['plain', 'trace events, gzip'] as const) {
    const wall = (runtime: string) => against(kind, 'wall', poolOn(runtime), DUCKDB_ALL)
    target(`Wall time on all cores, ${kind}, against DuckDB with all threads`, 1, onEach(wall))
  }
  const memory = (runtime: string) => max(KINDS.map((kind) => against(kind, 'rss', oursOn(runtime), DUCKDB)))
  target('Peak memory, worst kind of input, against DuckDB with one thread', 0.33, onEach(memory))
  const peak = (runtime: string) => max(lines.filter(({ name }) => name === oursOn(runtime)).map(({ rss }) => rss))
  target('Peak memory, worst of all inputs', 100e6, onEach(peak), megabytes, 'under 100 MB')
  const size = IDS.map((ids) => ({
    of: `${ids} ids`,
    value: max(RUNTIMES.map(({ name }) => find('plain', ids, oursOn(name)).bytes / find('plain', ids, DUCKDB).bytes)),
  }))
  target("Size of the output, against DuckDB's", 1, size)

  const fragments = (name: string) => merged.find((one) => one.rows === 10_000 && one.name === name) as Merged
  const merging = (runtime: string, peer: string) => fragments(oursOn(runtime)).cpu / fragments(peer).cpu
  target(
    'Merging 50 fragments of 10,000 rows: CPU time, against `cat` on the same runtime',
    2,
    onEach((runtime) => merging(runtime, catOn(runtime))),
  )
  target(
    'the same, against DuckDB with one thread',
    0.1,
    onEach((runtime) => merging(runtime, DUCKDB)),
  )

  const worker = (what: 'engine' | 'nanoseconds' | 'memory' | 'script') =>
    workerd.map((one) => ({ of: one.delivery, value: one[what] }))
  const ns = (value: number) => `${Math.round(value).toLocaleString('en')} ns`
  const kilobytes = (value: number) => `${(value / 1e3).toFixed(0)} kB`
  target('In workerd: CPU time a row, the engine alone', 1000, worker('engine'), ns, 'under 1 µs')
  target('In workerd: the same, the whole Worker', 1000, worker('nanoseconds'), ns, 'under 1 µs')
  target('In workerd: the most that the isolate held', 64e6, worker('memory'), megabytes, 'under 64 MB')
  target('In workerd: script, gzipped, the whole Worker', 150e3, worker('script'), kilobytes, 'under 150 kB')
  for (const { query, ratio } of asked)
    target(`DuckDB over our compacted file: ${query}, against DuckDB's own file`, 1, [{ of: '', value: ratio }])
  return table(['target', 'aimed at', 'reached', ''], rows)
}
