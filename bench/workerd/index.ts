import { printTable } from '../report.ts'
import { type Engine, type Held, type LongRun, longRun, R2_ALONE } from './long-run.ts'

/** Logs of this many rows, one after the other. LOGS and ROWS_A_LOG ask for less. */
const LOGS = Number(process.env.LOGS ?? 24)
const ROWS_A_LOG = Number(process.env.ROWS_A_LOG ?? 60_000)
/** After which logs the figures are printed. */
const PRINTED = [1, 2, 3, 6, 12, 18, 24].filter((log) => log <= LOGS)
const ENGINES: Engine[] = ['duckdb-wasm', 'columnar', R2_ALONE]

/** What the Worker holds in a long run, by engine: trace events as Logpush delivers them. */
export async function benchWorkerd(): Promise<void> {
  const results: ({ engine: Engine } & LongRun)[] = []
  for (const engine of ENGINES)
    results.push({ engine, ...(await longRun(engine, 'trace events, gzip', { logs: LOGS, rows: ROWS_A_LOG })) })
  const mb = (bytes = 0) => String(Math.round(bytes / 1e6))
  const figures = (pick: (held: Held[]) => Held | undefined) =>
    results.map(({ held }) => {
      const { isolate, wasm, process } = pick(held) ?? {}
      return `${mb(isolate)} / ${mb(wasm)} / ${mb(process)}`
    })
  const half = Math.ceil(LOGS / 2)
  printTable(
    `The Worker in workerd, logs of ${ROWS_A_LOG.toLocaleString('en')} trace events: MB of heap and buffers / WebAssembly / whole process`,
    ['after log', ...results.map(({ engine }) => engine)],
    [
      ...PRINTED.map((log) => [String(log), ...figures((held) => held[log - 1])]),
      ['compacted', ...figures((held) => held[LOGS])],
      // Garbage comes and goes: what a batch leaves behind for good would raise the least of the later ones.
      [`least after 2 to ${half}`, ...figures((held) => least(held.slice(1, half)))],
      [`least after ${half + 1} to ${LOGS}`, ...figures((held) => least(held.slice(half, LOGS)))],
      ['rows/s', ...results.map(({ nanoseconds }) => Math.round(1e9 / nanoseconds.wall).toLocaleString('en'))],
    ],
  )
}

const least = (held: Held[]) => held.toSorted((a, b) => a.isolate - b.isolate)[0]
