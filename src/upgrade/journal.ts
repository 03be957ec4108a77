import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../errors.ts'

/** Where an upgrade keeps what it is about to do, while it does it. */
export const WORK = '.stoma/upgrade'
/** The same once it is done and conflicts are left, so that it can still be undone. */
export const UNDO = '.stoma/undo'

/** One file that is written, replaced or removed. */
export interface Change {
  path: string
  /** Fingerprints: of what lies there before, and after; null for nothing. */
  before: string | null
  after: string | null
}

export interface Journal {
  /** What to call it: `upgrade`, `eject` … */
  command: string
  /** Stays as `.stoma/undo` at the end: conflicts are left. */
  keepsUndo: boolean
  /** In the order they are made; the manifest comes last. The n-th new text is `new/{n}`, the n-th old one `old/{n}`. */
  changes: Change[]
  /** Folders that were not there before, innermost last. */
  folders: string[]
}

export const journalPath = (folder: string) => `${folder}/journal.json`

export const hasJournal = (dir: string, folder: string) => existsSync(join(dir, journalPath(folder)))

export function readJournal(dir: string, folder: string): Journal {
  const path = journalPath(folder)
  try {
    return JSON.parse(readFileSync(join(dir, path), 'utf8'))
  } catch (cause) {
    throw new CliError(`${path} is not readable.`, {
      code: 'JOURNAL_BROKEN',
      hint: `The files as they were lie in ${folder}/old, numbered. Put the project back from version control, then remove ${folder}.`,
      cause,
    })
  }
}
