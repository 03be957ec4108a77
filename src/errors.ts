/** 0 done, 1 error, 2 usage, 3 conflicts left, 4 `--check` found something; 130 and 143 are an interrupt and a SIGTERM. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 129 | 130 | 143

interface Options {
  code: string
  exitCode?: ExitCode
  /** What to do next. */
  hint?: string
  /** More for programs: joins `error` under --json. */
  details?: Record<string, unknown>
  cause?: unknown
}

/** Anything the user is to read instead of a stack. Handled once, in cli.ts. */
export class CliError extends Error {
  readonly code: string
  readonly exitCode: ExitCode
  readonly hint: string | undefined
  readonly details: Record<string, unknown>

  constructor(message: string, { code, exitCode = 1, hint, details = {}, cause }: Options) {
    super(message, { cause })
    this.name = 'CliError'
    this.code = code
    this.exitCode = exitCode
    this.hint = hint
    this.details = details
  }
}

/** Wrong use of the command line: exit 2, and nothing was written. */
export function usageError(message: string, hint?: string, details?: Record<string, unknown>): CliError {
  return new CliError(message, { code: 'USAGE', exitCode: 2, hint, details })
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
