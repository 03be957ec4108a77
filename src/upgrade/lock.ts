import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { CliError, messageOf } from '../errors.ts'
import type { Files } from './files.ts'

interface Holder {
  nonce: string
  host: string
  pid: number
}

export const LOCK = '.stoma/lock'

/** Runs `work` while no other command changes this project. Throws where one does. */
export function withLock<T>(dir: string, files: Files, work: () => T): T {
  const path = join(dir, LOCK)
  const holder = acquireOrTell(path, files)
  if (holder) {
    throw new CliError(`Another command is at work in this project: process ${holder.pid} on ${holder.host}.`, {
      code: 'LOCKED',
      hint: `Wait for it. If it runs on no machine any more, remove ${LOCK}. Nothing was changed.`,
      details: { pid: holder.pid, host: holder.host },
    })
  }
  try {
    return work()
  } finally {
    release(path, files)
  }
}

/** A lock that cannot be removed outlives its process, and is then broken by the next command: nobody waits for it. */
function release(path: string, files: Files): void {
  try {
    files.unlink(path)
  } catch (error) {
    process.stderr.write(`${LOCK} could not be removed (${messageOf(error)}); the next command sees to it.\n`)
  }
}

/** A disk that is full or read-only already fails here, before anything is staged. */
function acquireOrTell(path: string, files: Files): Holder | undefined {
  try {
    return acquire(path, files, randomUUID())
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    const what = code === 'ENOSPC' ? 'the disk is full' : messageOf(cause)
    const hint = 'Nothing was changed. Try again once that is solved.'
    throw new CliError(`${LOCK} cannot be written: ${what}.`, {
      code: 'WRITE_FAILED',
      hint,
      details: { cause: code },
      cause,
    })
  }
}

/** Undefined once the lock is ours, else who holds it. Broken only for a process that is dead on this very host. */
function acquire(path: string, files: Files, nonce: string): Holder | undefined {
  const own = `${path}.${nonce}`
  try {
    files.write(own, JSON.stringify({ nonce, host: hostname(), pid: process.pid }), 0o644)
    files.link(own, path) // the file appears whole or not at all
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    files.removeAll(own) // of a write that failed there may be a part
  }
  const holder = readHolder(path)
  if (!holder) return acquire(path, files, randomUUID())
  if (!isDead(holder)) return holder
  // Two may find the same dead holder: only who locks that very holder's name may remove it.
  const breaking = `${path}.dead-${holder.nonce}`
  const other = acquire(breaking, files, randomUUID())
  if (other) return other
  try {
    if (readHolder(path)?.nonce === holder.nonce) files.unlink(path)
  } finally {
    files.unlink(breaking)
  }
  return acquire(path, files, randomUUID())
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw error
    throw new CliError(`${path} is not readable.`, {
      code: 'LOCKED',
      hint: 'Remove it once no command is at work in this project.',
      cause: error,
    })
  }
}

function isDead({ host, pid }: Holder): boolean {
  if (host !== hostname()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
