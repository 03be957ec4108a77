import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readAll } from '../../templates/src/lake/state.ts'
import { s3Storage } from '../../templates/src/storage/s3.ts'
import { bytes, keysOf, storageContract, stream, textOf } from './contract.ts'
import { type Fault, startS3 } from './s3-server.ts'

let s3: Awaited<ReturnType<typeof startS3>>
beforeAll(async () => {
  s3 = await startS3({ buckets: 80 })
})
afterEach(() => s3.heal())
afterAll(() => s3.stop())

// The client's pauses between attempts take a tenth of their time.
const { setTimeout: wait } = globalThis
const sooner = (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => wait(work, ms / 10, ...args)
beforeEach(() => void vi.stubGlobal('setTimeout', sooner))
afterEach(() => void vi.unstubAllGlobals())

storageContract('s3', () => s3Storage(s3.freshBucket()))

const isProbe = (url: string) => url.includes('.probe-')

describe('S3 storage', () => {
  it('is refused where a store ignores conditions, before anything is written', async () => {
    const storage = s3Storage(s3.freshBucket())
    s3.spoiling.ignoresConditions = true
    await expect(storage.put('k', bytes('x'), 'absent')).rejects.toThrow(
      /overwrites an object in spite of If-None-Match/,
    )
    expect(await keysOf(storage, '')).toEqual([])
  })

  it('is refused where a store ignores conditions on uploads in parts, though it keeps others', async () => {
    const storage = s3Storage(s3.freshBucket({ direct: true })) // miniflare does
    await storage.put('k', bytes('x'), 'absent')
    await expect(storage.put('large', stream(9_000_000), 'absent')).rejects.toThrow(/on an upload in parts/)
    expect(await keysOf(storage, '')).toEqual(['k'])
  })

  it('tries conditions out once, and not before something is written', async () => {
    const storage = s3Storage(s3.freshBucket())
    await keysOf(storage, '')
    await storage.head('k')
    expect(s3.spoiling.requests).toHaveLength(2)
    for (const key of ['a', 'b', 'c']) await storage.put(key, bytes('x'), 'absent')
    expect(s3.spoiling.requests.filter((request) => !isProbe(request))).toHaveLength(5)
    expect(s3.spoiling.requests.filter(isProbe)).toHaveLength(6)
  })

  const passing: [string, Fault][] = [
    ['an error of the store', { status: 500, code: 'InternalError' }],
    ['a store that is too busy', { status: 503, code: 'SlowDown' }],
    ['too many requests', { status: 429, code: 'TooManyRequests' }],
    ['a conflict with another write', { status: 409, code: 'ConditionalRequestConflict' }],
    ['a request that is lost', 'lost before'],
    ['an answer that is cut short', 'cut short'],
  ]
  it.each(passing)(
    'gets over %s at every single call',
    async (_, fault) => {
      const storage = s3Storage(s3.freshBucket())
      let spoiled = ''
      s3.spoiling.fault = ({ method, url }) => {
        const request = `${method} ${url}`
        const again = request === spoiled
        spoiled = request
        return again ? null : fault // the second time it passes
      }
      const put = await storage.put('p/k', bytes('one'), 'absent')
      expect(put).toMatchObject({ size: 3 })
      expect(await storage.put('p/k', bytes('two'), { ifMatch: put?.etag ?? '' })).toMatchObject({ size: 3 })
      expect(await keysOf(storage, 'p/')).toEqual(['p/k'])
      expect(await textOf(storage, 'p/k')).toBe('two')
      await storage.delete(['p/k', 'p/none'])
      expect(await storage.head('p/k')).toBeNull()
    },
    60_000,
  )

  it('says null, as for a lost race, when the answer to its own write was lost', async () => {
    const storage = s3Storage(s3.freshBucket())
    await storage.put('first', bytes('x'), 'absent')
    let isLost = false
    s3.spoiling.fault = ({ method }) => {
      if (method !== 'PUT' || isLost) return null
      isLost = true
      return 'lost after'
    }
    expect(await storage.put('k', bytes('x'), 'absent')).toBeNull()
    expect(await textOf(storage, 'k')).toBe('x')
  })

  it('gives up after a while, with the words of the store', async () => {
    const storage = s3Storage(s3.freshBucket())
    s3.spoiling.fault = () => ({ status: 503, code: 'SlowDown' })
    await expect(storage.head('p/k')).rejects.toThrow(/HEAD s3:\/\/b\d+\/p\/k: 503/)
    expect(s3.spoiling.requests).toHaveLength(6)
  })

  it('reads on where a connection broke', async () => {
    const storage = s3Storage(s3.freshBucket())
    await storage.put('k', stream(3_000_000), 'absent')
    let cuts = 0
    s3.spoiling.fault = ({ method }) => (method === 'GET' && cuts++ < 4 ? 'cut short' : null)
    const found = await storage.get('k')
    expect(Buffer.compare(await readAll(found?.body ?? stream(0)), await readAll(stream(3_000_000)))).toBe(0)
    expect(cuts).toBe(5)
  })

  it('never reads on in another version', async () => {
    const storage = s3Storage(s3.freshBucket())
    const put = await storage.put('k', stream(3_000_000), 'absent')
    let cuts = 0
    s3.spoiling.fault = ({ method }) => (method === 'GET' && cuts++ === 0 ? 'cut short' : null)
    const found = await storage.get('k')
    const chunks = found?.body[Symbol.asyncIterator]()
    await chunks?.next()
    await storage.put('k', bytes('another'), { ifMatch: put?.etag ?? '' })
    const rest = async () => {
      for (let next = await chunks?.next(); !next?.done; ) next = await chunks?.next()
    }
    await expect(rest()).rejects.toThrow('replaced or deleted while it was read')
  })

  it.each([1, 2, 3, 7])('lists everything in pages of %i', async (size) => {
    const options = s3.freshBucket()
    const storage = s3Storage(options)
    const keys = Array.from({ length: 7 }, (_, i) => `p/${i}`)
    for (const key of keys) await storage.put(key, bytes('x'), 'absent')
    const { fetch } = globalThis
    globalThis.fetch = async (url, init) => {
      // Asked for smaller pages by nobody but the test: so the signature is made anew.
      const { AwsV4Signer } = await import('aws4fetch')
      const small = new URL(String(url))
      if (small.searchParams.has('list-type')) small.searchParams.set('max-keys', String(size))
      const signer = new AwsV4Signer({ ...options, method: init?.method ?? 'GET', url: String(small), service: 's3' })
      return fetch(small, { ...init, headers: (await signer.sign()).headers })
    }
    try {
      expect(await keysOf(storage, 'p/')).toEqual(keys)
      expect(await keysOf(storage, 'p/', 'p/2')).toEqual(keys.slice(3))
    } finally {
      globalThis.fetch = fetch
    }
  })

  it('asks again for a page of a listing that ends early, though its connection did not break', async () => {
    const storage = s3Storage(s3.freshBucket())
    for (const key of ['a', 'b', 'c']) await storage.put(key, bytes('x'), 'absent')
    let cuts = 0
    const half = {
      changes: ({ status, body }: { status: number; body: Buffer }) => ({
        status,
        body: body.subarray(0, body.length / 2),
      }),
    }
    s3.spoiling.fault = ({ url }) => (url.includes('list-type') && cuts++ < 2 ? half : null)
    expect(await keysOf(storage, '')).toEqual(['a', 'b', 'c'])
    expect(cuts).toBe(3)
  })

  it('refuses a store that does not list in order', async () => {
    const storage = s3Storage(s3.freshBucket())
    for (const key of ['a', 'b']) await storage.put(key, bytes('x'), 'absent')
    const swap = ({ status, body }: { status: number; body: Buffer }) => {
      const text = String(body).replace(/<Key>(.)<\/Key>/g, (_, key) => `<Key>${key === 'a' ? 'b' : 'a'}</Key>`)
      return { status, body: Buffer.from(text) }
    }
    s3.spoiling.fault = ({ url }) => (url.includes('list-type') ? { changes: swap } : null)
    await expect(keysOf(storage, '')).rejects.toThrow(/does not list in the order of keys/)
  })

  it('notices an upload that failed after its answer began', async () => {
    const storage = s3Storage(s3.freshBucket())
    await storage.put('k', bytes('x'), 'absent')
    let late = 0
    const failure = { changes: () => ({ status: 200, body: Buffer.from('<Error><Code>InternalError</Code></Error>') }) }
    s3.spoiling.fault = ({ method, url }) =>
      method === 'POST' && url.includes('uploadId') && !isProbe(url) && late++ < 9 ? failure : null
    await expect(storage.put('large', stream(9_000_000), 'absent')).rejects.toThrow(/InternalError|NoSuchUpload/)
  })
})

describe('S3 storage says what is wrong', () => {
  const messageOf = (over: object, fault: Fault = null) => {
    s3.spoiling.fault = () => fault
    return s3Storage({ ...s3.freshBucket(), ...over })
      .get('p/k')
      .then(
        () => 'nothing',
        (error: Error) => error.message,
      )
  }

  it.each<[string, object, Fault, RegExp]>([
    [
      'a secret that is not the one',
      { secretAccessKey: 'wrong' },
      null,
      /AWS_SECRET_ACCESS_KEY are not those of this store/,
    ],
    ['a bucket that is not there', { bucket: 'none' }, null, /There is no bucket "none"/],
    ['another region', {}, { status: 301, code: 'PermanentRedirect' }, /in another region/],
    ['a clock that is wrong', {}, { status: 403, code: 'RequestTimeTooSkewed' }, /set the clock/],
    ['a permission that is missing', {}, { status: 403, code: 'AccessDenied' }, /AccessDenied.*must allow to list/],
    [
      'an endpoint that is not there',
      { endpoint: 'http://127.0.0.1:9' },
      null,
      /GET http:\/\/127.0.0.1:9\/b\d+\/p\/k: .*(refused|bad port)/i,
    ],
  ])('%s', async (_, over, fault, message) => {
    const said = await messageOf(over, fault)
    expect(said).toMatch(message)
    expect(said).not.toContain('test-secret')
  })
})
