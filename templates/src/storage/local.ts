import { type FileHandle, link, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Bytes, CompactorStorage, ObjectInfo } from '../types.ts'
import { isTemporaryOfTheDead, temporaryName, withLock } from './lock.ts'

const CHUNK = 1 << 18

/**
 * A folder as an object store: an object appears whole or not at all, and is on the disk before `put` resolves.
 * A store's key is the path below `root`; temporaries and locks live in `{root}/.tmp`, out of every glob's sight.
 */
export function localStorageAdapter(root: string): CompactorStorage {
  const pathOf = (key: string) => {
    const path = resolve(root, key)
    if (!path.startsWith(join(resolve(root), '/'))) throw new Error(`${key}: this key leads out of ${root}`)
    return path
  }
  const temporaries = join(root, '.tmp')
  let cleaned: Promise<void> | undefined
  const head = async (key: string) => infoOf(key, await statBig(pathOf(key)).catch(ifMissing))

  return {
    head,
    list: (prefix, startAfter = '') => walk(root, prefix, startAfter),

    async get(key, { offset = 0, length, ifMatch } = {}) {
      const file = await open(pathOf(key)).catch(ifMissing)
      if (!file) return null
      const info = infoOf(key, await file.stat({ bigint: true }))
      if (!info || (ifMatch ?? info.etag) !== info.etag) return file.close().then(() => null)
      return { info, body: readRange(file, offset, Math.min(info.size, offset + (length ?? info.size))) }
    },

    async put(key, body, condition) {
      const path = pathOf(key)
      cleaned ??= clean(temporaries)
      await cleaned
      const temporary = join(temporaries, temporaryName())
      try {
        await writeDurably(temporary, body)
        await makeFolder(dirname(path))
        const done =
          condition === 'absent'
            ? await linkIfAbsent(temporary, path)
            : await withLock(join(temporaries, `${key.replaceAll('/', '_')}.lock`), async () => {
                if ((await head(key))?.etag !== condition.ifMatch) return false
                await rename(temporary, path)
                return true
              })
        if (!done) return null
        await syncFolder(dirname(path))
        return await head(key)
      } finally {
        await unlink(temporary).catch(ifMissing)
      }
    },

    async delete(keys) {
      for (const key of keys) {
        await unlink(pathOf(key)).catch(ifMissing)
        // An hour's folder goes with its last fragment, or listing would cost more with every day that passed.
        await rmdir(dirname(pathOf(key))).catch(() => null)
      }
    },
  }
}

const statBig = (path: string) => stat(path, { bigint: true })
type Stats = Awaited<ReturnType<typeof statBig>>

/** A file's version: changes whenever its bytes do. */
export const etagOf = ({ dev, ino, size, mtimeNs }: Stats) => `${dev}-${ino}-${size}-${mtimeNs}`

function infoOf(key: string, stats: Stats | null): ObjectInfo | null {
  if (!stats?.isFile()) return null
  const lastModified = Number(stats.mtimeNs / 1000n) / 1000
  return { key, size: Number(stats.size), etag: etagOf(stats), lastModified }
}

export function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}

/** Files below `root` in the order of their keys: a folder sorts as its name with a slash. */
async function* walk(root: string, prefix: string, startAfter: string, folder = ''): AsyncIterable<ObjectInfo> {
  const entries = (await readdir(join(root, folder), { withFileTypes: true }).catch(ifMissing)) ?? []
  for (const key of entries.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`).sort()) {
    const isFolder = key.endsWith('/')
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) continue
    if (isFolder && `${key}\uffff` > startAfter) yield* walk(root, prefix, startAfter, key)
    if (isFolder || key <= startAfter) continue
    const info = infoOf(key, await statBig(join(root, key)).catch(ifMissing))
    if (info) yield info
  }
}

/**
 * Bytes from `start` up to `end`, then closes the file; throws where the file ends earlier. With `memory` of the caller's
 * the file stays open, and a chunk is good until the next one is asked for.
 */
export async function* readRange(file: FileHandle, start: number, end: number, memory?: Buffer): Bytes {
  try {
    for (let at = start; at < end; ) {
      const length = Math.min(memory?.length ?? CHUNK, end - at)
      const { bytesRead, buffer } = await file.read(memory ?? Buffer.allocUnsafe(length), 0, length, at)
      if (bytesRead === 0) throw new Error(`the file shrank to ${at} bytes while it was read up to ${end}`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    if (!memory) await file.close()
  }
}

/** Removes what killed processes left behind, once a run. */
async function clean(temporaries: string): Promise<void> {
  await makeFolder(temporaries)
  for (const name of await readdir(temporaries))
    if (isTemporaryOfTheDead(name)) await unlink(join(temporaries, name)).catch(ifMissing)
}

async function writeDurably(path: string, body: Uint8Array | Bytes): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) await file.writeFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function linkIfAbsent(temporary: string, path: string, tries = 5): Promise<boolean> {
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === 'ENOENT' && tries > 0) {
      await makeFolder(dirname(path)) // a clean-up took the empty folder in between
      return linkIfAbsent(temporary, path, tries - 1)
    }
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EXDEV')
      throw new Error(`${path}: no hard links here, so no commit is safe; use another file system`, { cause: error })
    throw error
  }
}

/** Makes the folder and sees to it that every new one is on the disk, not only in the cache. */
async function makeFolder(folder: string, tries = 5): Promise<void> {
  const first = await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && tries > 0) return null // a clean-up took it while mkdir looked whether it is there
    if (error.code === 'ENOTDIR') throw new Error(`${folder}: a file is in its way; move it, or set another \`lake\``)
    throw error
  })
  if (first === null) return makeFolder(folder, tries - 1)
  if (first === undefined) return
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at))
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there, and need no sync
  const handle = await open(folder).catch(ifMissing) // gone again: whoever took it synced nothing of ours
  await handle?.sync()
  await handle?.close()
}
