import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { entry, lines, testLake } from '../../test/fakes.ts'
import type { CompactorStorage, ObjectInfo } from '../types.ts'
import { memoryStorage } from './memory.ts'
import { objectLogs } from './object-logs.ts'

const row = (traceId: string) => lines(entry({ traceId }))
const bytes = (text: string | Uint8Array) => ({ bytes: Buffer.from(text), lastModified: Date.now() })

/** A bucket of raw logs, and a lake elsewhere. `etags` gives every etag another ending. */
function bucketOf(logs: Record<string, string | Uint8Array>) {
  const bucket = memoryStorage()
  for (const [key, text] of Object.entries(logs)) bucket.objects.set(key, bytes(text))
  const store: CompactorStorage & { etags: string } = { ...bucket, etags: '' }
  const seen = (info: ObjectInfo) => ({ ...info, etag: `${info.etag}${store.etags}` })
  store.list = async function* (...args) {
    for await (const info of bucket.list(...args)) yield seen(info)
  }
  store.head = async (key) => bucket.head(key).then((info) => info && seen(info))
  store.get = async (...args) => bucket.get(...args).then((found) => found && { ...found, info: seen(found.info) })
  return { store, objects: bucket.objects, lake: testLake(objectLogs(store, { name: 'raw', prefix: 'logs/' })) }
}

describe('logs in an object store', () => {
  it('are the objects under the prefix, gzipped in one member or several, or not at all', async () => {
    const members = Buffer.concat([gzipSync(row('b')), gzipSync(row('c'))])
    const { lake } = bucketOf({ 'logs/a.ndjson': row('a'), 'logs/b.log.gz': members, 'other/d': row('d') })
    expect(await lake.ingest()).toMatchObject({ sources: 2, rows: 3, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    expect(await lake.traceIds()).toEqual(['a', 'b', 'c'])
  })

  it('may be delivered again with the same bytes, under another etag', async () => {
    const { store, objects, lake } = bucketOf({ 'logs/a': row('a') })
    await lake.ingest()
    objects.set('logs/a', { bytes: Buffer.from(row('a')), lastModified: Date.now() + 1000 })
    store.etags = '-2'
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    expect(await lake.traceIds()).toEqual(['a'])
  })

  it('are refused once their key holds other bytes, and the others go on', async () => {
    const { objects, lake } = bucketOf({ 'logs/a': row('a') })
    await lake.ingest()
    objects.set('logs/a', { bytes: Buffer.from(row('A')), lastModified: Date.now() + 1000 })
    objects.set('logs/b', bytes(row('b')))
    const { rows, errors } = await lake.ingest()
    expect(rows).toBe(1)
    expect(errors).toEqual([
      { where: 'logs/a', message: expect.stringContaining('not what was ingested under this key') },
    ])
  })

  it('are taken as they are read, not as they were listed', async () => {
    const { store, objects, lake } = bucketOf({ 'logs/a': row('a') })
    const { get } = store
    store.get = async (...args) => {
      objects.set('logs/a', bytes(row('b')))
      return get(...args)
    }
    expect(await lake.ingest()).toMatchObject({ sources: 1, errors: [] })
    store.get = get
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    expect(await lake.traceIds()).toEqual(['b'])
  })

  it('are read again by the next run when they are replaced while they are read', async () => {
    const { store, objects, lake } = bucketOf({ 'logs/a': row('a') })
    const { get } = store
    store.get = async (...args) => {
      const found = await get(...args)
      objects.set('logs/a', bytes(row('b')))
      return found
    }
    expect((await lake.ingest()).errors[0]?.message).toContain('replaced while it was read')
    store.get = get
    expect(await lake.ingest()).toMatchObject({ sources: 1, errors: [] })
  })

  it('that are gone once their turn comes are no error', async () => {
    const { store, lake } = bucketOf({ 'logs/a': row('a') })
    store.get = async () => null
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
  })

  it('are refused where they cannot be unpacked, instead of being passed over as lines of somebody else', async () => {
    const { lake } = bucketOf({ 'logs/a.zst': Buffer.from('28b52ffd0000', 'hex') })
    expect((await lake.ingest()).errors[0]?.message).toContain('something else than gzip')
  })

  it('are deleted after their ingest where that is asked for, unless they were replaced', async () => {
    const { objects, lake } = bucketOf({ 'logs/a': row('a'), 'logs/b': row('b') })
    await lake.ingest({ deleteSources: true })
    objects.set('logs/b', { bytes: Buffer.from(row('B')), lastModified: Date.now() + 1000 })
    expect(await lake.ingest({ deleteSources: true })).toMatchObject({ deleted: 1 })
    expect([...objects.keys()]).toEqual(['logs/b'])
  })
})
