import { createHash } from 'node:crypto'
import type { R2Bucket } from '@cloudflare/workers-types'
import { describe, expect, it } from 'vitest'
import { cloudflare } from '../../templates/cloudflare.config.ts'
import { openBuckets } from '../../templates/src/worker/buckets.ts'
import { createJobs, type JobName } from '../../templates/src/worker/jobs.ts'
import { logKey } from '../../templates/test/fake-bucket.ts'
import { fakeMerger } from '../../templates/test/fake-merger.ts'
import { entry, fakeWriter, lines } from '../../templates/test/fakes.ts'

const BACKLOG = 100_000
const DAYS = 20
const PAGE = 1000

/** A bucket in memory that lists by pages, as R2 does, and bears a hundred thousand objects. */
function largeBucket() {
  const objects = new Map<string, { bytes: Uint8Array; etag: string; uploaded: Date }>()
  const keys: string[] = []
  const place = (key: string) => {
    let [low, high] = [0, keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((keys[middle] as string) < key) low = middle + 1
      else high = middle
    }
    return low
  }
  const object = (key: string) => {
    const found = objects.get(key)
    return found ? { key, size: found.bytes.length, etag: found.etag, uploaded: found.uploaded } : null
  }
  const put = (key: string, bytes: Uint8Array) => {
    if (!objects.has(key)) keys.splice(place(key), 0, key)
    objects.set(key, { bytes, etag: createHash('md5').update(bytes).digest('hex'), uploaded: new Date() })
    return object(key)
  }
  const calls = {
    async list({ prefix = '', startAfter = '', cursor = startAfter }: Record<string, string>) {
      let at = place(cursor > prefix ? `${cursor}\0` : prefix)
      const page = []
      for (; page.length < PAGE && keys[at]?.startsWith(prefix); at++) page.push(object(keys[at] as string))
      return { objects: page, truncated: Boolean(keys[at]?.startsWith(prefix)), cursor: keys[at - 1] }
    },
    head: async (key: string) => object(key),
    async get(key: string, { range }: { range?: { offset: number; length: number } } = {}) {
      const bytes = objects.get(key)?.bytes
      if (!bytes) return null
      const { offset = 0, length = bytes.length } = range ?? {}
      return { ...object(key), body: [bytes.subarray(offset, offset + length)] }
    },
    async put(key: string, bytes: Uint8Array, { onlyIf }: { onlyIf: { etagMatches?: string } }) {
      return objects.get(key)?.etag === onlyIf.etagMatches ? put(key, bytes) : null
    },
    async delete(gone: string[]) {
      for (const key of gone) if (objects.delete(key)) keys.splice(place(key), 1)
    },
  }
  return { bucket: calls as unknown as R2Bucket, put, keys }
}

describe('a backlog of 100,000 logs', () => {
  it('drains over runs of which none exceeds what the platform allows', async () => {
    const [logs, lake] = [largeBucket(), largeBucket()]
    for (let n = 0; n < BACKLOG; n++) {
      const timestamp = new Date(Date.UTC(2026, 2, 1) + (n * DAYS * 86_400_000) / BACKLOG).toISOString()
      logs.put(
        logKey(`${timestamp.slice(0, 10)}/${String(n).padStart(6, '0')}.log`),
        Buffer.from(lines(entry({ timestamp }))),
      )
    }
    const env = { LOGS: logs.bucket, LAKE: lake.bucket }
    const drain = async (job: JobName) => {
      const seen = { runs: 0, rows: 0, most: 0 }
      for (let left = 1; left > 0; seen.runs++) {
        const usage = { calls: 0 }
        const result = await createJobs(openBuckets(env, usage), { writer: fakeWriter, merger: fakeMerger }, usage)[
          job
        ]()
        expect(result.errors).toEqual([])
        seen.most = Math.max(seen.most, usage.calls)
        seen.rows += 'absorbed' in result ? result.absorbed : result.rows
        left = result.left
      }
      console.log(`${job}: ${seen.rows} rows in ${seen.runs} runs, at most ${seen.most} calls each`)
      expect(seen.most).toBeLessThanOrEqual(cloudflare.subrequests)
      expect(seen.most).toBeGreaterThan(cloudflare.subrequests / 4)
      return seen
    }
    expect(await drain('ingest')).toMatchObject({ rows: BACKLOG })
    expect(await drain('compact')).toMatchObject({ rows: BACKLOG })
    expect(lake.keys.filter((key) => /\d\/[^/]+\.parquet$/.test(key))).toHaveLength(DAYS)
  }, 600_000)
})
