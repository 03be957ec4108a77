import { createHash } from 'node:crypto'
import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { ifMissing, localStorageAdapter } from '../storage/local.ts'
import type { ObjectInfo, Pins, StorageReader } from '../types.ts'
import { localPins } from './pins.ts'

const FETCHES = 8
const GIB = 2 ** 30

/**
 * Pins of a lake that is not on this machine: whole files in a folder, each under a name made of its key and version, so
 * that the next reader need not fetch it again. What was not read for longest goes once they are more than `maxBytes`.
 */
export function cachedPins(storage: StorageReader, folder: string, maxBytes = 4 * GIB): Pins {
  const cache = localStorageAdapter(folder)
  const pins = localPins(folder)
  const nameOf = (key: string, etag = '') => createHash('sha256').update(`${key}\0${etag}`).digest('hex').slice(0, 40)

  /** False when this version is gone. */
  async function fetch(key: string, etag?: string): Promise<boolean> {
    const name = nameOf(key, etag)
    if (await stat(join(folder, name)).catch(ifMissing)) {
      const now = new Date()
      await utimes(join(folder, name), now, now).catch(ifMissing)
      return true
    }
    const found = await storage.get(key, etag === undefined ? {} : { ifMatch: etag })
    if (found) await cache.put(name, found.body, 'absent')
    return found !== null
  }

  return {
    async prepare(objects) {
      const waiting = [...objects]
      const worker = async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) await fetch(next.key, next.etag)
      }
      await Promise.all(Array.from({ length: FETCHES }, worker))
    },

    async take(key, etag) {
      // Another reader's release may have made room just now.
      for (let pin = null; await fetch(key, etag); ) {
        pin = await pins.take(nameOf(key, etag))
        if (pin) return { ...pin, key, input: { ...pin.input, name: key } }
      }
      return null
    },

    async release() {
      await pins.release()
      const files: ObjectInfo[] = []
      for await (const info of cache.list('')) if (!info.key.startsWith('.')) files.push(info)
      files.sort((a, b) => a.lastModified - b.lastModified)
      let over = files.reduce((sum, { size }) => sum + size, -maxBytes)
      for (const { key, size } of files) {
        if (over <= 0) return
        await cache.delete([key])
        over -= size
      }
    },
  }
}
