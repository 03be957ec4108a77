import { accessSync, constants, lstatSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CliError } from './errors.ts'

export interface Planned {
  path: string
  text: string
  mode: '644' | '755'
  /** `merge`: the lines of ours that a file of the user's lacks are appended to it. `same`: not written. */
  action: 'create' | 'overwrite' | 'merge' | 'same'
  /** Of a merge: the user's text that it was made of. */
  merges?: string
}

/** What may lie in a folder that still counts as empty. */
const ALLOWED = /^(\.git|\.gitignore|\.gitattributes|\.gitkeep|\.DS_Store|Thumbs\.db|\.idea|\.vscode|\.editorconfig)$/
const ALLOWED_TOO = /^(LICEN[CS]E|COPYING|NOTICE)(\..+)?$/i

/** Lists of lines: ours join the user's, also under --force, so that no line of theirs is ever lost. */
const LINE_LISTS = ['.gitignore', '.gitattributes']

/**
 * What writing `files` into `dir` would do, file by file; the only place that decides it, so a dry run is the real
 * plan. Throws, with every path listed, where the target is a file, cannot be written, is not empty without `force`,
 * or has something in the way that even `force` does not touch (a folder, a link).
 */
export function planTarget(
  dir: string,
  files: readonly { path: string; text: string; mode?: Planned['mode'] }[],
  force: boolean,
): Planned[] {
  const standing = targetProblem(dir)
  if (standing) throw standing
  const existing = entriesOf(dir)
  const planned = files.map(({ path, text, mode = '644' }) => {
    const free = existing.length === 0
    return { mode, ...(free ? { path, text, action: 'create' } : planFile(dir, path, text)) }
  })

  const blocked = planned.filter(({ action }) => action === 'blocked').map(({ path }) => path)
  const collisions = planned.filter(({ action }) => action === 'overwrite').map(({ path }) => path)
  const others = existing.filter((name) => !isAllowed(name))
  if (!force && (others.length > 0 || collisions.length > 0)) throw notEmpty(dir, collisions, others)
  if (blocked.length > 0) {
    throw new CliError(`A folder or a link is where a file of ours would go:\n${bullets(blocked)}`, {
      code: 'TARGET_BLOCKED',
      hint: 'Move it out of the way, or choose another folder. Nothing was written.',
      details: { blocked },
    })
  }
  return planned as Planned[]
}

/** Why nothing can be written to `dir` at all, whatever lies in it. */
export function targetProblem(dir: string): CliError | undefined {
  const stats = statOf(dir)
  if (stats && !stats.isDirectory()) return refused('TARGET_IS_FILE', `${dir} is a file, not a folder.`)
  let ancestor = dir
  while (!statOf(ancestor)) ancestor = dirname(ancestor)
  if (!statOf(ancestor)?.isDirectory()) return refused('TARGET_IS_FILE', `${ancestor} is a file, not a folder.`)
  try {
    accessSync(ancestor, constants.W_OK | constants.X_OK)
  } catch (cause) {
    return refused('TARGET_NOT_WRITABLE', `${ancestor} cannot be written.`, cause)
  }
  return undefined
}

/** True where a folder holds nothing but what any new project may find there. */
export const countsAsEmpty = (dir: string) => entriesOf(dir).every(isAllowed)

const isAllowed = (name: string) => ALLOWED.test(name) || ALLOWED_TOO.test(name)

const entriesOf = (dir: string) => (statOf(dir) ? readdirSync(dir).sort() : [])

/** What writing one file would do: create, same, merge, overwrite, or blocked where a folder or a link is in the way. */
export function planFile(dir: string, path: string, text: string): PlannedFile {
  const parts = path.split('/')
  for (let i = 1; i <= parts.length; i++) {
    const stats = lstatSync(join(dir, ...parts.slice(0, i)), { throwIfNoEntry: false })
    if (!stats) return { path, text, action: 'create' }
    const fits = i < parts.length ? stats.isDirectory() : stats.isFile()
    if (!fits) return { path, text, action: 'blocked' }
  }
  const theirs = readFileSync(join(dir, path), 'utf8')
  if (theirs === text) return { path, text, action: 'same' }
  if (!LINE_LISTS.includes(path)) return { path, text, action: 'overwrite' }
  const merged = appendMissingLines(theirs, text)
  return merged === theirs ? { path, text, action: 'same' } : { path, text: merged, action: 'merge', merges: theirs }
}

type PlannedFile = Omit<Planned, 'mode' | 'action'> & { action: Planned['action'] | 'blocked' }

/** Their text as it is, then the lines of ours that it lacks, in their line endings. */
export function appendMissingLines(theirs: string, ours: string): string {
  const has = new Set(theirs.split(/\r?\n/).map((line) => line.trim()))
  const missing = ours.split('\n').filter((line) => line !== '' && !has.has(line))
  if (missing.length === 0) return theirs
  const eol = theirs.includes('\r\n') ? '\r\n' : '\n'
  const start = theirs === '' || theirs.endsWith('\n') ? theirs : theirs + eol
  return start + missing.map((line) => line + eol).join('')
}

function notEmpty(dir: string, collisions: readonly string[], others: readonly string[]): CliError {
  const listed =
    collisions.length > 0 ? `These would be overwritten:\n${bullets(collisions)}` : `It holds:\n${bullets(others)}`
  return new CliError(`${dir} is not empty. ${listed}`, {
    code: 'TARGET_NOT_EMPTY',
    hint: 'Nothing was written. Choose another folder, or --force: it overwrites the files of ours and deletes none.',
    details: { collisions, others },
  })
}

function refused(code: string, message: string, cause?: unknown): CliError {
  return new CliError(message, { code, cause, hint: 'Nothing was written. Choose another folder.' })
}

/** Null where there is nothing; a parent that is a file counts as nothing too, and is found on the way up. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw refused('TARGET_NOT_READABLE', `${path} cannot be read (${code}).`, error)
  }
}

/** Paths as lines, the first twenty. */
export function bullets(paths: readonly string[]): string {
  const shown = paths.slice(0, 20).map((path) => `  ${path}`)
  return [...shown, ...(paths.length > 20 ? [`  … and ${paths.length - 20} more`] : [])].join('\n')
}
