#!/usr/bin/env node
import { create } from './create.ts'
import { CliError, messageOf, usageError } from './errors.ts'
import { colours } from './terminal.ts'
import { NAME } from './version.ts'

const VERBS: Record<string, (argv: readonly string[]) => Promise<void>> = {
  create,
  // Brings a parser of TypeScript along, which nobody else needs.
  connect: async (argv) => (await import('./connect/command.ts')).connectCommand(argv),
}

/** Commands of a later release: a folder of such a name is surely not what was meant. */
const NOT_YET = ['upgrade', 'diff', 'status', 'eject', 'adopt']

/** The first argument is a command, or the beginning of what `create` takes. */
async function main(argv: readonly string[]): Promise<void> {
  const [first = '', ...rest] = argv
  if (NOT_YET.includes(first)) {
    throw usageError(
      `${first} is no command of this release (there is: ${Object.keys(VERBS).join(', ')}).`,
      `For a folder of that name: ${NAME} create ${first}`,
    )
  }
  const verb = Object.hasOwn(VERBS, first) ? VERBS[first] : undefined
  return verb ? verb(rest) : create(argv)
}

/** The one place where errors are shown: as JSON on stdout for programs, in words on stderr for people. */
function show(error: unknown, json: boolean): number {
  const known = error instanceof CliError
  const { code, exitCode, hint, details } = known
    ? error
    : { code: 'INTERNAL', exitCode: 1, hint: 'This is a mistake of ours: please report it.', details: {} }
  if (json) {
    const shown = { ok: false, error: { code, message: messageOf(error), hint, exitCode, ...details } }
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
  } else {
    const { red, dim } = colours(process.stderr)
    const text = known ? error.message : ((error as Error)?.stack ?? String(error))
    const label = code === 'CANCELLED' ? '' : `${red('error')} `
    process.stderr.write(`${label}${text}\n${hint ? `${dim(hint)}\n` : ''}`)
  }
  return exitCode
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const argv = process.argv.slice(2)
main(argv).catch((error) => {
  process.exitCode = show(error, argv.includes('--json'))
})
