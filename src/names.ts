import { builtinModules } from 'node:module'
import { basename, resolve } from 'node:path'
import { usageError } from './errors.ts'

const WINDOWS = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** Why a name suits neither npm nor every file system; undefined when it does. `taken` are packages it depends on. */
export function nameProblem(name: string, taken: readonly string[] = []): string | undefined {
  if (name.length > 214) return 'it is longer than 214 characters'
  if (/[A-Z]/.test(name)) return 'npm allows no capital letters'
  if (!/^[a-z0-9]/.test(name)) return 'it must start with a letter from a to z or a digit'
  if (!/^[a-z0-9._-]*$/.test(name)) return 'npm allows only a-z, 0-9, ".", "_" and "-"'
  if (name.endsWith('.')) return 'Windows allows no name that ends with a dot'
  if (WINDOWS.test(name)) return 'Windows reserves it'
  if (name === 'node_modules' || name === 'favicon.ico') return 'npm reserves it'
  if (builtinModules.includes(name)) return 'it is a module of Node'
  if (taken.includes(name)) return 'it is the name of a package that the project depends on'
  return undefined
}

/** Something like it that would do, to suggest. */
export function similarName(name: string): string {
  const similar = name
    .normalize('NFKD') // what is left of a letter with an accent is that letter
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return nameProblem(similar) ? 'my-analytics' : similar
}

export interface Target {
  /** Absolute. */
  dir: string
  /** The package's name: the folder's own. */
  name: string
}

/** The folder that `dir` means from `cwd`, and the package's name after it. Throws a usage error where it names none. */
export function targetOf(dir: string, cwd: string, taken: readonly string[] = []): Target {
  const last = dir.split(/[\\/]+/).findLast((segment) => segment !== '')
  if (!last || last === '..' || dir.includes('\0'))
    throw usageError(`${JSON.stringify(dir)} names no folder.`, 'Give a name such as my-analytics, or . for this one.')
  const absolute = resolve(cwd, dir)
  const name = basename(absolute)
  const problem = nameProblem(name, taken)
  if (problem) {
    throw usageError(
      `The folder names the package, and ${JSON.stringify(name)} cannot be one: ${problem}.`,
      `${similarName(name)} would do.`,
      { name },
    )
  }
  return { dir: absolute, name }
}
