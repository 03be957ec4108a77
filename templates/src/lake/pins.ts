import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { readRange } from '../storage/local.ts'
import { isTemporaryOfTheDead, temporaryName } from '../storage/lock.ts'
import type { Pins } from '../types.ts'
import { readAll } from './state.ts'

/**
 * Pins by hard links in a folder of their own under `root`: a link costs no space and outlives the name it was made of.
 * The links do not end in `.parquet`, so no glob over the lake counts their rows twice.
 */
export function localPins(root: string): Pins {
  const home = resolve(root, '.snapshots')
  const folder = join(home, temporaryName())
  let taken = 0
  return {
    async take(key) {
      if (taken++ === 0) await makeFolder(home, folder)
      const path = join(folder, `${basename(key)}.${taken}`)
      try {
        await link(join(root, key), path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw new Error(`${key}: no hard link into ${home} (run as the lake's owner, on its disk)`, { cause: error })
      }
      const read = async (offset: number, length: number) =>
        readAll(readRange(await open(path), offset, offset + length))
      return { key, path, input: { name: key, size: (await stat(path)).size, read } }
    },
    release: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Makes the folder, and clears away those of readers that died before they could. */
async function makeFolder(home: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(home))
    if (isTemporaryOfTheDead(name)) await rm(join(home, name), { recursive: true, force: true })
}
