import { createHash } from 'node:crypto'
import { readAll } from '../lake/state.ts'
import type { CompactorStorage, ObjectInfo } from '../types.ts'

export interface MemoryStorage extends CompactorStorage {
  readonly objects: Map<string, { bytes: Uint8Array; lastModified: number }>
}

/** A store in memory with the promises of the real ones, for tests. `now` is the store's clock. */
export function memoryStorage(now: () => number = Date.now): MemoryStorage {
  const objects: MemoryStorage['objects'] = new Map()
  const head = (key: string): ObjectInfo | null => {
    const found = objects.get(key)
    if (!found) return null
    const etag = createHash('md5').update(found.bytes).digest('hex')
    return { key, size: found.bytes.length, etag, lastModified: found.lastModified }
  }
  return {
    objects,
    async *list(prefix, startAfter = '') {
      for (const key of [...objects.keys()].sort()) {
        const info = key.startsWith(prefix) && key > startAfter ? head(key) : null
        if (info) yield info
      }
    },
    async head(key) {
      return head(key)
    },
    async get(key, { offset = 0, length, ifMatch } = {}) {
      const info = head(key)
      if (!info || (ifMatch !== undefined && ifMatch !== info.etag)) return null
      const bytes = objects.get(key)?.bytes.subarray(offset, length === undefined ? undefined : offset + length)
      return {
        info,
        body: (async function* () {
          if (bytes?.length) yield bytes
        })(),
      }
    },
    async put(key, body, condition) {
      const bytes = body instanceof Uint8Array ? body : await readAll(body)
      const etag = head(key)?.etag
      if (condition === 'absent' ? etag !== undefined : etag !== condition.ifMatch) return null
      objects.set(key, { bytes: Uint8Array.from(bytes), lastModified: now() })
      return head(key)
    },
    async delete(keys) {
      for (const key of keys) objects.delete(key)
    },
  }
}
