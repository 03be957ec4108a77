import { constants } from 'node:os'
import { CliError, type ExitCode } from './errors.ts'

/** Runs `work` so that SIGINT, SIGTERM and SIGHUP abort it, instead of ending the process where it stands. */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => controller.abort(interrupted(name))
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of names) process.on(name, stop)
  try {
    return await work(controller.signal)
  } finally {
    for (const name of names) process.off(name, stop)
  }
}

/** As shells have it: 128 and the signal's number, so 130 for Ctrl-C. */
export function interrupted(name: NodeJS.Signals): CliError {
  const exitCode = (128 + constants.signals[name]) as ExitCode
  return new CliError('Cancelled. Nothing was written.', { code: 'CANCELLED', exitCode, details: { signal: name } })
}
