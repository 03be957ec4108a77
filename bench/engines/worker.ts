import { megabytes } from '../measure.ts'
import { printTable } from '../report.ts'
import { engineRun } from '../workerd/engine-run.ts'
import type { Delivery } from '../workerd/logs.ts'
import { type Held, type LongRun, longRun, R2_ALONE } from '../workerd/long-run.ts'

const LOGS = Number(process.env.LOGS ?? 12)
const ROWS = Number(process.env.ROWS_A_LOG ?? 60_000)

export interface InWorkerd {
  delivery: Delivery
  /** CPU time a row: of the engine alone, and of the whole Worker without what R2 alone takes. */
  engine: number
  nanoseconds: number
  /** The most that the isolate held after a log or after compacting: heap and buffers, garbage included. */
  memory: number
  /** Bytes of the whole Worker, gzipped. */
  script: number
}

/** The Worker as emitted, in workerd, on logs in a simulated R2: lines as they are, and as Logpush delivers them. */
export async function benchWorker(): Promise<InWorkerd[]> {
  const all: (InWorkerd & { alone: number; wall: number })[] = []
  for (const delivery of ['plain lines', 'trace events, gzip'] as const) {
    const size = { logs: LOGS, rows: ROWS }
    const alone = (await longRun(R2_ALONE, delivery, size)).nanoseconds
    const { held, nanoseconds, script }: LongRun = await longRun('columnar', delivery, size)
    const memory = Math.max(...held.map(({ isolate, wasm }: Held) => isolate + wasm))
    const less = { nanoseconds: nanoseconds.cpu - alone.cpu, wall: nanoseconds.wall - alone.wall }
    const engine = await engineRun(delivery, { batches: LOGS * 3 })
    all.push({ delivery, engine, ...less, memory, script, alone: alone.cpu })
  }
  const ns = (value: number) => `${Math.round(value).toLocaleString('en')} ns`
  printTable(
    `The Worker as emitted, in workerd: ${LOGS} logs of ${ROWS.toLocaleString('en')} rows`,
    [
      'logs',
      'engine alone, CPU a row',
      'the Worker, CPU a row',
      'wall a row',
      'R2 alone (taken off)',
      'isolate, at most',
      'script, gzip',
    ],
    all.map((one) => [
      ...[one.delivery, ns(one.engine), ns(one.nanoseconds), ns(one.wall), ns(one.alone)],
      ...[megabytes(one.memory), `${(one.script / 1e3).toFixed(0)} kB`],
    ]),
  )
  return all
}
