import { createHash } from 'node:crypto'
import { refuseOtherCompression } from '../processor/lines.ts'
import type { Bytes, CompactorStorage, LogSource, ObjectInfo, SourceInfo, SourceRange } from '../types.ts'

export interface ObjectLogsOptions {
  /** Names these logs in the lake for ever: the bucket's name. */
  name: string
  /** Every object whose key begins so is a log; keep other objects elsewhere. */
  prefix: string
}

/**
 * Raw logs in an object store. An object is whole once it is there, and its key names its content for ever: the same
 * bytes may be delivered under it again, other bytes are an error of that log.
 */
export function objectLogs(storage: CompactorStorage, { name, prefix }: ObjectLogsOptions): LogSource {
  const open = async (key: string): Promise<SourceRange | null> => {
    const found = await storage.get(key)
    if (!found) return null
    const identity = found.info.etag
    return { key, path: key, offset: 0, identity, body: unreplaced(storage, found), sha256: createHash('sha256') }
  }
  return {
    name,
    // A log that is replaced has a newer LastModified than its mark, and nobody but the store can set either.
    recheckMs: 0,

    async *list() {
      for await (const info of storage.list(prefix)) yield { ...info, path: info.key } satisfies SourceInfo
    },

    async next(info, newest) {
      if (newest?.abandoned)
        throw new Error(
          'it vanished half-ingested and was given up; to ingest it after all, delete its mark in the lake',
        )
      if (newest?.identity === info.etag) return 'ingested'
      const range = await open(info.key)
      if (!range) return 'later' // gone since it was listed
      if (!newest) return range
      // An etag may differ for equal bytes, as after an upload in other parts: the bytes decide.
      let size = 0
      for await (const chunk of range.body) {
        range.sha256.update(chunk)
        size += chunk.length
      }
      if (size !== newest.size || range.sha256.digest('hex') !== newest.sha256)
        throw new Error('its content is not what was ingested under this key before. Give new logs a new key')
      return range.identity === info.etag ? 'ingested' : 'later'
    },

    reopen: ({ key }) => open(key),

    exists: async (key) => (await storage.head(key)) !== null,

    // No store deletes on a condition everywhere, so this asks just before: a key must never be written twice.
    async remove({ key, etag }) {
      if ((await storage.head(key))?.etag !== etag) return false
      await storage.delete([key])
      return true
    },
  }
}

/** The body of a log; throws where it cannot be read as one, or where the log was replaced meanwhile. */
async function* unreplaced(storage: CompactorStorage, { info, body }: { info: ObjectInfo; body: Bytes }): Bytes {
  let head = Buffer.alloc(0)
  for await (const chunk of body) {
    if (head.length < 6) {
      head = Buffer.concat([head, chunk.subarray(0, 6)])
      refuseOtherCompression(head)
    }
    yield chunk
  }
  const standing = await storage.head(info.key)
  if (standing && standing.etag !== info.etag) throw new Error('it was replaced while it was read; run again')
}
