import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CliError, messageOf } from '../errors.ts'
import { fingerprint, fingerprintOf, lookAt } from './disk.ts'
import { type Files, foldersAbove } from './files.ts'
import { type Change, hasJournal, type Journal, journalPath, readJournal, UNDO, WORK } from './journal.ts'
import { withLock } from './lock.ts'

/** A file as it shall be; `text` null removes it. `mode` are permissions, as in `chmod`. */
export interface Write {
  path: string
  text: string | null
  mode: number
  /** Fingerprint of what the plan saw there; null for nothing. */
  before: string | null
}

export interface ApplyOptions {
  command: string
  files: Files
  /** Keep what `abort` needs after the end: conflicts are left. */
  keepsUndo?: boolean
}

/**
 * Carries out what was planned: the only code that writes into a project. Everything new is staged beside the project,
 * everything old copied, and a journal says what belongs where, before the first file is touched. So
 * wherever this ends, `resume` brings exactly the new tree and `abort` exactly the old one. An error undoes by itself.
 */
export function apply(dir: string, writes: readonly Write[], options: ApplyOptions): void {
  const { files } = options
  withLock(dir, files, () => {
    refuseUnfinished(dir)
    files.removeAll(join(dir, WORK)) // staged by a run that died before it touched anything
    let journal: Journal | undefined
    try {
      journal = stage(dir, writes, options)
      goOn(dir, journal, files)
    } catch (error) {
      undo(dir, journal, files, error)
    }
    finish(dir, journal, files)
  })
}

/** Brings an interrupted run to its end. False where none was interrupted. */
export function resume(dir: string, files: Files): boolean {
  if (!hasJournal(dir, WORK)) {
    clearStaged(dir, files)
    return false
  }
  withLock(dir, files, () => {
    const journal = readJournal(dir, WORK)
    goOn(dir, journal, files)
    finish(dir, journal, files)
  })
  return true
}

/**
 * Takes back an interrupted run, or one that left conflicts. Resolves to what was edited since: it is saved below
 * `.stoma/aborted`. Undefined where there is nothing to take back.
 */
export function abort(dir: string, files: Files): { saved: string[] } | undefined {
  const folder = [WORK, UNDO].find((folder) => hasJournal(dir, folder))
  if (folder === undefined) {
    clearStaged(dir, files)
    return undefined
  }
  return withLock(dir, files, () => {
    const saved = goBack(dir, folder, readJournal(dir, folder), files)
    close(dir, folder, files)
    return { saved }
  })
}

/** What a run left that died before it touched anything, or after it had done everything. */
function clearStaged(dir: string, files: Files): void {
  if (existsSync(join(dir, WORK))) withLock(dir, files, () => close(dir, WORK, files))
}

export function refuseUnfinished(dir: string): void {
  if (!hasJournal(dir, WORK)) return
  throw new CliError('An upgrade of this project was interrupted.', {
    code: 'UNFINISHED',
    hint: 'Finish it with `upgrade --continue`, or take it back with `upgrade --abort`.',
  })
}

function stage(dir: string, writes: readonly Write[], { command, files, keepsUndo = false }: ApplyOptions): Journal {
  const at = (path: string) => join(dir, WORK, path)
  for (const folder of ['new', 'old']) files.makeFolder(at(folder))
  files.write(at('.gitignore'), '*\n', 0o644)
  const changes = writes.map(({ path, text, mode, before }, index): Change => {
    if (fingerprintOf(lookAt(dir, path)) !== before) throw changedMeanwhile(path)
    if (text !== null) files.write(at(`new/${index}`), text, mode)
    // A copy, no second name: an editor that writes in place must not reach it.
    if (before !== null) copy(join(dir, path), at(`old/${index}`), files)
    return { path, before, after: text === null ? null : fingerprint(text, (mode & 0o100) !== 0) }
  })
  const above = new Set(writes.flatMap(({ path, text }) => (text === null ? [] : foldersAbove(path))))
  const folders = [...above].filter((folder) => !existsSync(join(dir, folder))).sort()
  const journal = { command, keepsUndo, changes, folders }
  files.write(at('journal.tmp'), `${JSON.stringify(journal, null, 2)}\n`, 0o644)
  const staged = changes.flatMap(({ before, after }, index) => [
    ...(after === null ? [] : [at(`new/${index}`)]),
    ...(before === null ? [] : [at(`old/${index}`)]),
  ])
  files.sync([...staged, at('new'), at('old'), at('journal.tmp')])
  // From here on the project may change.
  files.rename(at('journal.tmp'), join(dir, journalPath(WORK)))
  files.sync([join(dir, WORK), join(dir, dirname(WORK))])
  return journal
}

/** Makes each change that is not made yet. */
function goOn(dir: string, { changes }: Journal, files: Files): void {
  const place = (path: string) => join(dir, path)
  for (const [index, { path, before, after }] of changes.entries()) {
    const now = fingerprintOf(lookAt(dir, path))
    if (now === after) continue
    if (now !== before) throw changedMeanwhile(path)
    const staged = join(dir, WORK, 'new', String(index))
    if (after === null) files.unlink(place(path))
    else {
      files.makeFolder(dirname(place(path)))
      if (before === null)
        files.link(staged, place(path)) // never over what appears this very moment
      else files.rename(staged, place(path))
    }
  }
  const folders = new Set(changes.map(({ path }) => dirname(place(path))))
  files.sync([...folders].filter((folder) => existsSync(folder)))
}

/** Puts back each file that was changed. What somebody edited since is saved first. */
function goBack(dir: string, folder: string, { changes, folders }: Journal, files: Files): string[] {
  const saved: string[] = []
  const place = (path: string) => join(dir, path)
  for (const [index, { path, before, after }] of [...changes.entries()].reverse()) {
    const now = fingerprintOf(lookAt(dir, path))
    if (now === before) continue
    if (now !== after && now !== null) {
      // What is still staged was never put there: whatever the user made of their file meanwhile is theirs.
      if (existsSync(join(dir, folder, 'new', String(index)))) continue
      const saving = `.stoma/aborted/${path}`
      files.makeFolder(dirname(place(saving)))
      files.rename(place(path), place(saving))
      saved.push(saving)
    }
    if (before !== null) {
      files.makeFolder(dirname(place(path)))
      const back = join(dir, folder, `back-${index}`)
      if (existsSync(back)) files.unlink(back)
      copy(join(dir, folder, 'old', String(index)), back, files)
      files.rename(back, place(path))
    } else if (now === after) files.unlink(place(path))
  }
  for (const made of [...folders].reverse()) files.removeEmpty(place(made))
  return saved
}

function copy(from: string, to: string, files: Files): void {
  files.write(to, readFileSync(from), statSync(from).mode & 0o777)
}

/** Nothing can be lost any more; what fails here is done again by `resume`. */
function finish(dir: string, journal: Journal, files: Files): void {
  try {
    clearUp(dir, journal, files)
  } catch (cause) {
    throw new CliError(`Everything is written, but clearing up failed: ${messageOf(cause)}.`, {
      code: 'CLEANUP_FAILED',
      hint: 'Once that is solved, `upgrade --continue` does the rest.',
      cause,
    })
  }
}

function clearUp(dir: string, { changes, keepsUndo }: Journal, files: Files): void {
  for (const { path, after } of changes) {
    if (after !== null) continue
    for (const folder of foldersAbove(path)) if (!files.removeEmpty(join(dir, folder))) break
  }
  if (keepsUndo) {
    files.removeAll(join(dir, UNDO))
    files.rename(join(dir, WORK), join(dir, UNDO))
  } else {
    // What was kept for an earlier one is of no use any more.
    close(dir, UNDO, files)
    close(dir, WORK, files)
  }
}

/** The journal goes first: without it, the rest is rubbish. */
export function close(dir: string, folder: string, files: Files): void {
  if (hasJournal(dir, folder)) files.unlink(join(dir, journalPath(folder)))
  files.removeAll(join(dir, folder))
}

function undo(dir: string, journal: Journal | undefined, files: Files, error: unknown): never {
  try {
    if (journal && hasJournal(dir, WORK)) goBack(dir, WORK, journal, files)
    close(dir, WORK, files)
  } catch (cause) {
    throw new CliError(`${messageOf(error)}; and putting the project back failed: ${messageOf(cause)}.`, {
      code: 'ROLLBACK_FAILED',
      hint: 'Once that is solved: `upgrade --abort` puts it back, `upgrade --continue` finishes it.',
      cause: error,
    })
  }
  if (error instanceof CliError) throw error
  const { code } = error as NodeJS.ErrnoException
  throw new CliError(`Writing failed: ${code === 'ENOSPC' ? 'the disk is full' : messageOf(error)}.`, {
    code: 'WRITE_FAILED',
    hint: 'Nothing was changed. Try again once that is solved.',
    details: { cause: code },
    cause: error,
  })
}

function changedMeanwhile(path: string): CliError {
  return new CliError(`${path} was changed by somebody else in this very moment.`, {
    code: 'CHANGED_MEANWHILE',
    hint: 'Run it again. After an interruption, `upgrade --abort` puts everything back and saves what was edited since.',
    details: { path },
  })
}
