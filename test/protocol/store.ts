import { readAll } from '../../templates/src/lake/state.ts'
import type { CompactorStorage, ObjectInfo } from '../../templates/src/types.ts'

/**
 * A store in memory whose etags name the write, not the bytes, as those of files do: what was deleted and written again
 * is another version, though its bytes are the same.
 */
export function versionedStore(now: () => number): CompactorStorage {
  const objects = new Map<string, { info: ObjectInfo; bytes: Uint8Array }>()
  let sorted: string[] | null = null
  let writes = 0
  const head = async (key: string) => objects.get(key)?.info ?? null
  return {
    head,
    async *list(prefix, startAfter = '') {
      sorted ??= [...objects.keys()].sort()
      for (const key of sorted) {
        const info = key.startsWith(prefix) && key > startAfter && objects.get(key)?.info
        if (info) yield info
      }
    },
    async get(key, { offset = 0, length, ifMatch } = {}) {
      const found = objects.get(key)
      if (!found || (ifMatch !== undefined && ifMatch !== found.info.etag)) return null
      const bytes = found.bytes.subarray(offset, length === undefined ? undefined : offset + length)
      const body = (async function* () {
        if (bytes.length) yield bytes
      })()
      return { info: found.info, body }
    },
    async put(key, body, condition) {
      const bytes = body instanceof Uint8Array ? body : await readAll(body)
      const etag = objects.get(key)?.info.etag
      if (condition === 'absent' ? etag !== undefined : etag !== condition.ifMatch) return null
      const info = { key, size: bytes.length, etag: `w${++writes}`, lastModified: now() }
      objects.set(key, { info, bytes: Uint8Array.from(bytes) })
      sorted = null
      return info
    },
    async delete(keys) {
      for (const key of keys) if (objects.delete(key)) sorted = null
    },
  }
}
