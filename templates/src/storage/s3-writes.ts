import { randomUUID } from 'node:crypto'
import type { Bytes, ObjectInfo, PutCondition } from '../types.ts'
import { ABSENT, type S3Client, S3Error, type S3Options, UNMET } from './s3-client.ts'
import { textOf } from './xml.ts'

/** The condition did not hold; one on a version does not where there is none. */
const LOST = [...ABSENT, ...UNMET]
const GONE = ['NoSuchUpload', ...ABSENT]

/** Conditional writes, whole or in parts. Each kind is tried out before its first use: some stores ignore conditions. */
export function createWrites(send: S3Client, { bucket, endpoint = 'AWS' }: S3Options) {
  let triedWhole: Promise<void> | undefined
  let triedParts: Promise<void> | undefined

  return {
    async putWhole(key: string, body: Uint8Array, condition: PutCondition): Promise<ObjectInfo | null> {
      triedWhole ??= tryWhole(`${key}.probe-${randomUUID()}`)
      await triedWhole
      return put(key, body, condition)
    },

    async putParts(key: string, parts: Bytes, condition: PutCondition): Promise<ObjectInfo | null> {
      triedParts ??= tryParts(`${key}.probe-${randomUUID()}`)
      await triedParts
      return upload(key, parts, condition)
    },
  }

  function put(key: string, body: Uint8Array, condition: PutCondition): Promise<ObjectInfo | null> {
    const request = { method: 'PUT', key, headers: headersOf(condition), body, expect: LOST } as const
    return send(request, ({ headers }) => written(key, body.length, headers.get('etag'), headers))
  }

  /** The condition is on the last step, which makes the parts an object: until then nobody sees them. */
  async function upload(key: string, parts: Bytes, condition: PutCondition): Promise<ObjectInfo | null> {
    const start = { method: 'POST', key, query: { uploads: '' } } as const
    const uploadId = textOf((await send(start, ({ text }) => text())) ?? '', 'UploadId') ?? ''
    const end = { key, query: { uploadId } }
    let [list, size, partNumber] = ['', 0, 0]
    try {
      for await (const body of parts) {
        if (body.length === 0) continue
        const query = { partNumber: String(++partNumber), uploadId }
        const etag = await send({ method: 'PUT', key, query, body }, ({ headers }) => headers.get('etag'))
        list += `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`
        size += body.length
      }
      const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`
      // A conflict is a write of somebody else at this very moment: that race is lost as well.
      const expect = [...LOST, 'ConditionalRequestConflict']
      const info = await send(
        { ...end, method: 'POST', headers: headersOf(condition), body, expect },
        async ({ text, headers }) => written(key, size, completed(key, await text()), headers),
      )
      if (!info) await abort()
      return info
    } catch (error) {
      await abort().catch(() => {}) // what went wrong first is what to tell
      throw error
    }

    // Parts that are left behind cost money, unseen.
    function abort() {
      return send({ ...end, method: 'DELETE', expect: GONE }, () => null)
    }
  }

  async function tryWhole(key: string): Promise<void> {
    const body = Buffer.from('May be deleted: whether this store keeps conditions on writes.')
    const head = () => send({ method: 'HEAD', key, expect: ABSENT }, () => true)
    try {
      await put(key, body, 'absent')
      if (await put(key, body, 'absent')) refuse('overwrites an object in spite of If-None-Match')
      if (await put(key, body, { ifMatch: '0' })) refuse('overwrites an object in spite of If-Match')
      if (!(await head())) refuse('does not show what was just written')
    } finally {
      await send({ method: 'DELETE', key, expect: ABSENT }, () => null)
    }
    if (await head()) refuse('still shows what was just deleted')
  }

  async function tryParts(key: string): Promise<void> {
    const part = async function* () {
      yield Buffer.from('May be deleted: whether this store keeps conditions on uploads in parts.')
    }
    try {
      await upload(key, part(), 'absent')
      if (await upload(key, part(), 'absent'))
        refuse('overwrites an object in spite of If-None-Match on an upload in parts')
    } finally {
      await send({ method: 'DELETE', key, expect: ABSENT }, () => null)
    }
  }

  function refuse(what: string): never {
    const why = 'two runs at once could undo each other there, so nothing is written'
    throw new Error(`s3://${bucket} at ${endpoint || 'AWS'} ${what}: ${why}. AWS S3 and Cloudflare R2 keep conditions`)
  }
}

const headersOf = (condition: PutCondition): Record<string, string> =>
  condition === 'absent' ? { 'if-none-match': '*' } : { 'if-match': `"${condition.ifMatch}"` }

/** What was written, at the moment of the answer. */
function written(key: string, size: number, etag: string | null, headers: Headers): ObjectInfo {
  return { key, size, etag: unquoted(etag), lastModified: Date.parse(headers.get('date') ?? '') }
}

/** The etag of an upload's object; some failures come after the status 200 was sent. */
function completed(key: string, answer: string): string {
  const etag = textOf(answer, 'ETag')
  if (etag !== null) return etag
  const [code, said] = [
    textOf(answer, 'Code') ?? 'no answer',
    textOf(answer, 'Message') ?? 'the upload may have failed',
  ]
  throw new S3Error(`${key}: ${code}: ${said}`, { code, isTransient: true })
}

/** An etag without its quotes. */
export const unquoted = (etag: string | null) => (etag ?? '').replace(/^W\//, '').replaceAll('"', '')
