import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Pending } from '../src/processor/pending.ts'
import { emptyResult, type IngestResult } from '../src/processor/result.ts'
import type { RejectReason } from '../src/types.ts'
import type { Settings } from '../src/wiring.ts'

/** What a helping process is sent whenever it asks: the log to ingest next, null once there is none left. */
export interface Handed {
  settings: Settings
  pending: Pending | null
}

/** What it says: that it wants a log, or what its run came to so far. */
export type Said = 'next' | IngestResult

/** Ingests these logs in this process. */
export type Ingest = (
  pending: AsyncIterable<Pending>,
  onProgress: (result: IngestResult) => void,
) => Promise<IngestResult>

export interface PoolOptions {
  settings: Settings
  ingest: Ingest
  onProgress(result: IngestResult): void
  start?: () => ChildProcess
  /** How long to go alone at first. By default thrice what this process took to start: a helper has to warm up. */
  helpAfterMs?: number
}

/** Processes, not threads: one that runs out of memory or is killed takes no other with it. */
const startHelper = () => fork(fileURLToPath(new URL('./helper.ts', import.meta.url)))

/**
 * Ingests these logs in this process and, once that takes long and more of them wait, in up to `workers` processes. Each
 * takes the next log when it is done with one, so a large one holds up nobody. A log has a mark and fragments of its
 * own: the lake comes out the same, whoever takes which. A helper that dies is an error of the log it had.
 */
export async function ingestTogether(
  pending: AsyncIterableIterator<Pending>,
  { settings, ingest, onProgress, start = startHelper, helpAfterMs = 3e3 * Math.min(process.uptime(), 1) }: PoolOptions,
): Promise<IngestResult> {
  const pool = emptyResult()
  const runs: IngestResult[] = [pool, emptyResult()]
  const report = (run: number, result: IngestResult) => {
    runs[run] = result
    onProgress(sum(runs))
  }
  const fail = (where: string, message: string) => pool.errors.push({ where, message })
  const next = () =>
    pending.next().then(
      ({ done, value }): Pending | null => (done ? null : value),
      ({ message }: Error) => {
        fail(settings.source, message)
        return null
      },
    )

  const help = (first: Pending) =>
    new Promise<void>((resolve) => {
      const run = runs.push(emptyResult()) - 1
      let waiting: Pending | null = first
      let { path } = first.info
      const helper = start()
      helper.on('message', async (said: Said) => {
        if (said !== 'next') return report(run, said)
        const handed: Handed = { settings, pending: waiting ?? (await next()) }
        waiting = null
        if (handed.pending) path = handed.pending.info.path
        helper.send(handed, () => {}) // one that is gone tells by its exit
      })
      helper.on('error', ({ message }) => end(`cannot be used: ${message}`))
      helper.on('exit', (code, signal) => (code === 0 ? resolve() : end(`ended by ${signal ?? `exit code ${code}`}`)))
      const end = (why: string) => {
        fail(path, `the process that had it ${why}; run again, or with --workers 1`)
        resolve()
      }
    })

  const helpers: Promise<void>[] = []
  const callHelpers = async () => {
    while (runs.length - 1 < Math.min(settings.workers, availableParallelism())) {
      const first = await next()
      if (!first) break
      helpers.push(help(first))
    }
  }
  const timer = setTimeout(() => helpers.push(callHelpers()), helpAfterMs)
  try {
    runs[1] = await ingest(pending, (result) => report(1, result))
  } finally {
    clearTimeout(timer)
    for (const helper of helpers) await helper // grows while it is awaited
  }
  return sum(runs)
}

function sum(results: readonly IngestResult[]): IngestResult {
  const total = emptyResult()
  for (const { rejected, errors, ...counts } of results) {
    for (const [name, count] of Object.entries(counts)) total[name as keyof typeof counts] += count
    for (const [reason, count] of Object.entries(rejected) as [RejectReason, number][])
      total.rejected[reason] = (total.rejected[reason] ?? 0) + count
    total.errors.push(...errors)
  }
  return total
}
