import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { messageOf, usageError } from '../errors.ts'
import { MANIFEST } from '../manifest.ts'
import { nearest } from '../suggest.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Arguments of a command, taken literally: what is unknown, and a value that is missing, are usage errors. */
export function readArgs<T extends Options>(argv: readonly string[], options: T, usage: string) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const unknown = /^Unknown option '--?([^']*)'/.exec(messageOf(error))?.[1]
    const guess = unknown && nearest(unknown, Object.keys(options))
    const message = unknown
      ? `Unknown flag --${unknown}.${guess ? ` Did you mean --${guess}?` : ''}`
      : `${messageOf(error)}`
    throw usageError(message, usage)
  }
}

/** The project that a folder is, or lies in: its manifest may be above. */
export function projectAround(dir: string): string {
  const start = resolve(dir)
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, MANIFEST))) return folder
    if (dirname(folder) === folder) return start
  }
}

/** A path as typed in this folder, as the project calls it; undefined where it lies outside. */
export function pathInProject(dir: string, typed: string): string | undefined {
  const path = relative(dir, resolve(typed)).replaceAll('\\', '/')
  return path === '' || path.startsWith('../') ? undefined : path
}

export const printJson = (value: object) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
