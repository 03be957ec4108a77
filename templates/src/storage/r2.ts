import { randomUUID } from 'node:crypto'
import type { R2Bucket, R2Conditional, R2Object } from '@cloudflare/workers-types'
import type { Bytes, CompactorStorage, ObjectInfo, PutCondition } from '../types.ts'
import { PART_BYTES, startParts } from './parts.ts'

const DAY_MS = 24 * 3600_000
/** R2 takes no more keys in one call. */
const KEYS_PER_DELETE = 1000
/** R2 takes no larger object in one conditional write. */
const MAX_PUT_BYTES = 4.995 * 2 ** 30

/** An R2 bucket, by its binding. Reads, listings and deletes are strongly consistent there. */
export function r2Storage(bucket: R2Bucket): CompactorStorage {
  return {
    async *list(prefix, startAfter) {
      let page = await bucket.list({ prefix, ...(startAfter && { startAfter }) })
      for (;;) {
        for (const object of page.objects) yield infoOf(object)
        // A page may be short, even empty, and yet not the last: only `truncated` tells.
        if (!page.truncated) return
        page = await bucket.list({ prefix, cursor: page.cursor })
      }
    },

    async head(key) {
      const object = await bucket.head(key)
      return object && infoOf(object)
    },

    async get(key, { offset = 0, length, ifMatch } = {}) {
      const isRange = offset > 0 || length !== undefined
      const object = await bucket.get(key, {
        ...(isRange && { range: { offset, ...(length !== undefined && { length }) } }),
        ...(ifMatch !== undefined && { onlyIf: { etagMatches: ifMatch } }),
      })
      // An object without a body is one whose condition did not hold.
      return object && 'body' in object ? { info: infoOf(object), body: object.body } : null
    },

    async put(key, body, condition) {
      if (body instanceof Uint8Array) return putIf(bucket, key, body, condition)
      const [first, parts] = await startParts(body)
      return first.length < PART_BYTES ? putIf(bucket, key, first, condition) : putLarge(bucket, key, parts, condition)
    },

    async delete(keys) {
      for (let at = 0; at < keys.length; at += KEYS_PER_DELETE)
        await bucket.delete(keys.slice(at, at + KEYS_PER_DELETE))
    },
  }
}

const infoOf = ({ key, size, etag, uploaded }: R2Object): ObjectInfo => ({
  key,
  size,
  etag,
  lastModified: uploaded.getTime(),
})

type Body = Parameters<R2Bucket['put']>[1]

async function putIf(bucket: R2Bucket, key: string, body: Body, condition: PutCondition): Promise<ObjectInfo | null> {
  const onlyIf: R2Conditional = condition === 'absent' ? { etagDoesNotMatch: '*' } : { etagMatches: condition.ifMatch }
  const object = await bucket.put(key, body, { onlyIf })
  return object && infoOf(object)
}

/**
 * R2 ignores a condition on an upload in parts. So the parts become a temporary object, whose body is then written to
 * the key under the condition: its length is known by then, and it streams through.
 */
async function putLarge(bucket: R2Bucket, key: string, parts: Bytes, condition: PutCondition) {
  const temporaries = `${key}.tmp-`
  const temporary = `${temporaries}${randomUUID()}`
  const uploaded = await upload(bucket, temporary, parts)
  try {
    if (uploaded.size > MAX_PUT_BYTES)
      throw new Error(`${key}: ${uploaded.size} bytes are more than R2 takes in one write; choose a finer granularity`)
    const whole = await bucket.get(temporary)
    if (!whole) throw new Error(`${temporary}: gone before it could be committed; does a lifecycle rule match it?`)
    return await putIf(bucket, key, whole.body, condition)
  } finally {
    const leftBehind = [temporary]
    for (const { key, uploaded: at } of (await bucket.list({ prefix: temporaries })).objects)
      if (uploaded.uploaded.getTime() - at.getTime() > DAY_MS) leftBehind.push(key) // by a worker that died
    await bucket.delete(leftBehind)
  }
}

async function upload(bucket: R2Bucket, key: string, parts: Bytes): Promise<R2Object> {
  const upload = await bucket.createMultipartUpload(key)
  try {
    const uploaded = []
    for await (const part of parts) if (part.length) uploaded.push(await upload.uploadPart(uploaded.length + 1, part))
    return await upload.complete(uploaded)
  } catch (error) {
    await upload.abort().catch(() => {}) // R2 drops it by itself after a week; what went wrong first is what to tell
    throw error
  }
}
