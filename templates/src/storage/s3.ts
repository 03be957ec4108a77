import { createHash } from 'node:crypto'
import type { Bytes, CompactorStorage, ObjectInfo } from '../types.ts'
import { PART_BYTES, startParts } from './parts.ts'
import {
  ABSENT,
  isTransient,
  pause,
  type S3Answer,
  type S3Client,
  S3Error,
  type S3Options,
  s3Client,
  UNMET,
} from './s3-client.ts'
import { createWrites, unquoted } from './s3-writes.ts'
import { elements, escapeXml, textOf } from './xml.ts'

/** S3 takes no more keys in one call. */
const KEYS_PER_DELETE = 1000
const RESUMES = 5

/**
 * A bucket behind the S3 API: AWS, R2 and whoever else keeps conditions on writes, which is tried out before the first
 * write. A write whose answer was lost is sent again, and may then find itself there already: that is null, too.
 */
export function s3Storage(options: S3Options): CompactorStorage {
  const send = s3Client(options)
  const { putWhole, putParts } = createWrites(send, options)
  const head = (key: string) => send({ method: 'HEAD', key, expect: ABSENT }, ({ headers }) => infoOf(key, headers))

  return {
    head,
    list: (prefix, startAfter) => listObjects(send, prefix, startAfter),

    async get(key, { offset = 0, length, ifMatch } = {}) {
      const open = (from: number, to: number | '', etag = ifMatch) => {
        // Always by range, as Deno would unpack a whole body by its Content-Encoding, and only its first gzip member.
        const headers = { range: `bytes=${from}-${to}`, ...(etag !== undefined && { 'if-match': `"${etag}"` }) }
        return send({ method: 'GET', key, headers, expect: [...ABSENT, ...UNMET] }, (answer) => foundIn(key, answer))
      }
      try {
        const first = await open(offset, length === undefined ? '' : offset + length - 1)
        return first && { info: first.info, body: readOn(`s3://${options.bucket}/${key}`, first, open) }
      } catch (error) {
        if (!(error instanceof S3Error && error.code === 'InvalidRange')) throw error
        const info = await head(key) // an empty object, or nothing behind the offset
        return info && (ifMatch ?? info.etag) === info.etag ? { info, body: nothing() } : null
      }
    },

    async put(key, body, condition) {
      if (body instanceof Uint8Array) return putWhole(key, body, condition)
      const [first, parts] = await startParts(body)
      return first.length < PART_BYTES ? putWhole(key, first, condition) : putParts(key, parts, condition)
    },

    async delete(keys) {
      for (let at = 0; at < keys.length; at += KEYS_PER_DELETE)
        await deleteObjects(send, keys.slice(at, at + KEYS_PER_DELETE))
    },
  }
}

async function* nothing(): Bytes {}

/** To the second: that is all that a header tells, and the same object must not have two times. */
const seconds = (time: string | null) => Math.floor(Date.parse(time ?? '') / 1000) * 1000

function infoOf(key: string, headers: Headers): ObjectInfo {
  const size = Number(/\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? headers.get('content-length'))
  return { key, size, etag: unquoted(headers.get('etag')), lastModified: seconds(headers.get('last-modified')) }
}

interface Found {
  info: ObjectInfo
  /** Of the body, in the object. The end is null where it cannot be told from the bytes that arrive. */
  start: number
  end: number | null
  chunks: AsyncIterator<Uint8Array, undefined>
}

function foundIn(key: string, { status, headers, chunks }: S3Answer): Found {
  const info = infoOf(key, headers)
  const [, start = 0, last = info.size - 1] =
    /(\d+)-(\d+)\//.exec(headers.get('content-range') ?? '')?.map(Number) ?? []
  if (status !== 206 && start !== 0) throw new Error(`${key}: the store does not read by range`)
  // Node unpacks a Content-Encoding, all gzip members of it: then the bytes that arrive are not those of the object.
  const end = headers.has('content-encoding') ? null : last + 1
  return { info, start, end, chunks: chunks() }
}

/** The bytes of a body; a connection that breaks is made again, for the rest of the same version. */
async function* readOn(
  where: string,
  first: Found,
  open: (from: number, to: number, etag: string) => Promise<Found | null>,
): Bytes {
  const { info, end } = first
  let found = first
  let at = first.start
  try {
    for (let failures = 0; ; ) {
      try {
        for (let next = await found.chunks.next(); !next.done; next = await found.chunks.next()) {
          yield next.value
          at += next.value.length
          failures = 0
        }
        if (end === null || at === end) return
        throw new S3Error(`${where}: the answer ended at byte ${at} of ${end}`, { isTransient: true })
      } catch (error) {
        if (end === null || !isTransient(error) || ++failures > RESUMES) throw error
        await pause(failures)
      }
      const again = await open(at, end - 1, info.etag)
      if (!again) throw new Error(`${where}: replaced or deleted while it was read`)
      found = again
    }
  } finally {
    await found.chunks.return?.()
  }
}

async function* listObjects(send: S3Client, prefix: string, startAfter = ''): AsyncIterable<ObjectInfo> {
  let last = Buffer.from(startAfter)
  for (let token: string | null = ''; token !== null; ) {
    const from: Record<string, string> = token
      ? { 'continuation-token': token }
      : startAfter
        ? { 'start-after': startAfter }
        : {}
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix, ...from }
    const page = await send({ method: 'GET', query }, async ({ text }) => whole(await text()))
    const isEncoded = textOf(page ?? '', 'EncodingType') === 'url'
    for (const entry of elements(page ?? '', 'Contents')) {
      const text = textOf(entry, 'Key') ?? ''
      const key = isEncoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text
      const bytes = Buffer.from(key)
      if (Buffer.compare(bytes, last) <= 0)
        throw new Error(`${key}: the store does not list in the order of keys, which the lake needs`)
      last = bytes
      const [size, etag] = [Number(textOf(entry, 'Size')), unquoted(textOf(entry, 'ETag'))]
      yield { key, size, etag, lastModified: seconds(textOf(entry, 'LastModified')) }
    }
    token = textOf(page ?? '', 'IsTruncated') === 'true' ? textOf(page ?? '', 'NextContinuationToken') : null
  }
}

function whole(page: string): string {
  const isMissingToken = textOf(page, 'IsTruncated') === 'true' && !textOf(page, 'NextContinuationToken')
  if (!/<\/ListBucketResult>\s*$/.test(page) || isMissingToken)
    throw new S3Error('a page of the listing was cut short', { isTransient: true })
  return page
}

async function deleteObjects(send: S3Client, keys: readonly string[]): Promise<void> {
  if (keys.length === 1) {
    await send({ method: 'DELETE', key: keys[0] as string, expect: ABSENT }, () => null)
    return
  }
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('')
  const body = `<Delete><Quiet>true</Quiet>${objects}</Delete>`
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
  await send({ method: 'POST', query: { delete: '' }, headers, body }, async ({ text }) => {
    const [failed] = elements(await text(), 'Error')
    if (failed === undefined) return
    const [code, key] = [textOf(failed, 'Code') ?? '', textOf(failed, 'Key')]
    const isTransient = code === 'InternalError' || code === 'SlowDown'
    throw new S3Error(`DELETE ${key}: ${code}: ${textOf(failed, 'Message')}`, { code, isTransient })
  })
}
