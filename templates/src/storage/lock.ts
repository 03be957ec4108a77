import { randomUUID } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Runs `work` while holding the lock file at `path`; resolves to null when somebody else holds it. A lock is broken only
 * when its process is dead on this very host, never by age: a slow worker is not a dead one.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T | null> {
  const nonce = randomUUID()
  if (!(await acquire(path, nonce))) return null
  try {
    return await work()
  } finally {
    await unlink(path)
  }
}

async function acquire(path: string, nonce: string): Promise<boolean> {
  const own = join(dirname(path), temporaryName())
  await writeFile(own, JSON.stringify({ nonce, host: hostname(), pid: process.pid }))
  try {
    await link(own, path) // the file appears whole or not at all
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(own)
  }
  const holder = await readHolder(path)
  if (holder && !isDead(holder)) return false
  if (!holder) return acquire(path, nonce)
  // Two may find the same dead holder. Only who locks that very holder's name may remove it, so neither removes the
  // other's new lock; should the remover die too, its own lock is broken in the same way.
  const broken = await withLock(`${path}.${holder.nonce}`, async () => {
    if ((await readHolder(path))?.nonce === holder.nonce) await unlink(path)
    return true
  })
  return broken ? acquire(path, nonce) : false
}

interface Holder {
  nonce: string
  host: string
  pid: number
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`${path}: this lock is not readable; remove it once no ingest or compact runs`, { cause: error })
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

/** A name nobody else uses, that says who does. */
export const temporaryName = () => `${hostname()}~${process.pid}~${randomUUID()}`

export function isTemporaryOfTheDead(name: string): boolean {
  const [host, pid, nonce] = name.split('~')
  return Boolean(nonce) && isDead({ host: host ?? '', pid: Number(pid), nonce: nonce ?? '' })
}
