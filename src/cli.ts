#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { COMMANDS } from './args.ts'
import { create } from './create.ts'
import { CliError, messageOf, usageError } from './errors.ts'
import { nearest } from './suggest.ts'
import { colours } from './terminal.ts'
import { LEAST_NODE } from './version.ts'

const VERBS: Record<(typeof COMMANDS)[number], (argv: readonly string[]) => Promise<void>> = {
  create,
  // Brings a parser of TypeScript along, which `create` does without.
  connect: async (argv) => (await import('./connect/command.ts')).connectCommand(argv),
  upgrade: async (argv) => (await import('./commands/upgrade.ts')).upgrade(argv),
  diff: async (argv) => (await import('./commands/diff.ts')).diff(argv),
  status: async (argv) => (await import('./commands/status.ts')).status(argv),
  eject: async (argv) => (await import('./commands/own.ts')).eject(argv),
  adopt: async (argv) => (await import('./commands/own.ts')).adopt(argv),
}

/** npm only warns of it; what is missing there would show as a mistake of ours. */
function refuseOldNode(version = process.versions.node): void {
  const [has, wants] = [version, LEAST_NODE].map((text) => text.split('.').map(Number)) as [number[], number[]]
  const first = wants.findIndex((part, index) => has[index] !== part)
  if (first >= 0 && Number(has[first]) < Number(wants[first])) {
    throw new CliError(`This is Node ${version}, and ${LEAST_NODE} or newer is needed.`, {
      code: 'OLD_NODE',
      hint: 'Install a newer Node (https://nodejs.org), and run it again. Nothing was written.',
    })
  }
}

/** The first argument is a command, or the beginning of what `create` takes. */
async function main(argv: readonly string[]): Promise<void> {
  refuseOldNode()
  const [first = '', ...rest] = argv
  const verb = Object.hasOwn(VERBS, first) ? VERBS[first as keyof typeof VERBS] : undefined
  if (verb) return verb(rest)
  refuseMistyped(first)
  return create(argv)
}

/** A command with a slip in it would be taken for the name of a new folder. */
function refuseMistyped(first: string): void {
  const meant = nearest(first, COMMANDS, 2)
  if (meant && !existsSync(first))
    throw usageError(`"${first}" is no command; did you mean ${meant}?`, `To create a folder of that name: ./${first}`)
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
