import { constants } from 'node:os'
import { CliError, type ExitCode } from './errors.ts'

/**
 * Runs `work` so that SIGINT, SIGTERM and SIGHUP do not end the process where it stands: from then on `check` throws.
 * (An AbortController would cost a fiftieth of the whole run.)
 */
export async function withSignals<T>(work: (check: () => void) => Promise<T>): Promise<T> {
  let cancelled: CliError | undefined
  const stop = (name: NodeJS.Signals) => {
    cancelled ??= interrupted(name)
  }
  const check = () => {
    if (cancelled) throw cancelled
  }
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of names) process.on(name, stop)
  try {
    return await work(check)
  } finally {
    for (const name of names) process.off(name, stop)
  }
}

/** As shells have it: 128 and the signal's number, so 130 for Ctrl-C. */
export function interrupted(name: NodeJS.Signals): CliError {
  const exitCode = (128 + constants.signals[name]) as ExitCode
  return new CliError('Cancelled. Nothing was written.', { code: 'CANCELLED', exitCode, details: { signal: name } })
}
