import type { R2Bucket } from '@cloudflare/workers-types'
import { describe, expect, it } from 'vitest'
import { config } from '../../templates/analytics.config.ts'
import { cloudflare } from '../../templates/cloudflare.config.ts'
import { compactedKey, partitionOf } from '../../templates/src/lake/layout.ts'
import { PART_BYTES } from '../../templates/src/storage/parts.ts'
import { r2Storage } from '../../templates/src/storage/r2.ts'
import { createScheduled } from '../../templates/src/worker/crons.ts'
import { addLog, fakeBucket, fakeEnv, logKey, quietly } from '../../templates/test/fake-bucket.ts'
import { fakeMerger } from '../../templates/test/fake-merger.ts'
import { entry, fakeWriter, lines, rowsIn } from '../../templates/test/fakes.ts'

type How = 'before' | 'after'

/** Makes the n-th call to any of these buckets fail, before or after it took effect; the others work. */
function faulty(n: number, how: How) {
  const seen = { calls: 0, fault: '' }
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const method = Reflect.get(object, name)
        if (typeof method !== 'function') return method
        return async (...args: unknown[]) => {
          const fails = ++seen.calls === n
          const fail = () => {
            seen.fault = `${String(name)} ${typeof args[0] === 'string' ? args[0] : JSON.stringify(args[0])}`
            throw new Error('injected: internal error (10001)')
          }
          if (fails && how === 'before') fail()
          const result = await method.apply(object, args)
          if (fails) fail()
          return name === 'createMultipartUpload' ? wrap(result) : result
        }
      },
    })
  return { seen, wrap }
}

/** A bucket in memory that takes uploads in parts. */
function partsBucket(): R2Bucket {
  const bucket = fakeBucket()
  const createMultipartUpload = async (key: string) => {
    const parts: Buffer[] = []
    return {
      uploadPart: async (number: number, part: Uint8Array) => {
        parts[number - 1] = Buffer.from(part)
      },
      async complete() {
        await bucket.storage.put(key, Buffer.concat(parts), 'absent')
        return bucket.head(key)
      },
      abort: async () => {},
    }
  }
  return Object.assign(bucket, { createMultipartUpload }) as unknown as R2Bucket
}

const at = (hour: string, traceId: string) => entry({ timestamp: `2026-03-04T${hour}:00:00.000Z`, traceId })
const LOGS = {
  [logKey('a.log')]: lines(at('05', 'a5'), at('06', 'a6')),
  [logKey('b.log')]: lines(at('05', 'b5'), at('07', 'b7')),
}
const LATE = lines(at('06', 'late'))
const ROWS = ['a5', 'a6', 'b5', 'b7', 'late']

const scheduled = createScheduled({ writer: fakeWriter, merger: fakeMerger })

/** Both crons, once; resolves to the error of each that failed. */
async function runCrons(env: Parameters<typeof scheduled>[1]): Promise<string[]> {
  const failed: string[] = []
  for (const cron of [cloudflare.ingestCron, cloudflare.compactCron])
    await quietly(() => scheduled({ cron }, env)).catch(({ message }: Error) => failed.push(message))
  return failed
}

describe.each<How>(['before', 'after'])('a call to R2 that fails %s it took effect', (how) => {
  it('fails its run or does no harm, whichever call it is; the next run has every row exactly once', async () => {
    let [silent, n]: [string[], number] = [[], 0]
    for (;;) {
      const env = fakeEnv(LOGS)
      const { seen, wrap } = faulty(++n, how)
      const spoiled = { ...env, LOGS: wrap(env.LOGS), LAKE: wrap(env.LAKE) }
      const failed = await runCrons(spoiled)
      addLog(env, logKey('late.log'), LATE)
      failed.push(...(await runCrons(spoiled)))
      if (!seen.fault) break
      if (failed.length === 0) silent.push(seen.fault)
      for (const message of failed) expect(message).toMatch(/bucket (LOGS|LAKE)/)
      expect(await runCrons(env), `${how} call ${n}: ${seen.fault}`).toEqual([])
      expect(await rowsIn(env.LAKE.storage), `${how} call ${n}: ${seen.fault}`).toEqual(ROWS)
    }
    expect(n).toBeGreaterThan(50)
    // A commit that took effect and was reported as failed is recognised by its run, without an error.
    const commit = `put ${compactedKey(config.prefix, partitionOf('2026030405', config.granularity))}`
    expect([...new Set(silent)]).toEqual(how === 'after' ? [commit] : [])
  })

  it('leaves a large object whole or absent, whichever call of its writing it is', async () => {
    const faults: string[] = []
    const part = new Uint8Array(PART_BYTES).fill(7)
    const body = async function* () {
      yield part
      yield part.subarray(0, 1000)
    }
    for (;;) {
      const bucket = partsBucket()
      const store = r2Storage(bucket)
      const { seen, wrap } = faulty(faults.length + 1, how)
      const put = r2Storage(wrap(bucket)).put('k', body(), 'absent')
      const failure = await put.then(
        () => '',
        ({ message }: Error) => message,
      )
      if (!seen.fault) break
      faults.push(seen.fault.split(' ')[0] as string)
      expect(failure, seen.fault).toBe('injected: internal error (10001)')
      const size = (await store.head('k'))?.size ?? null
      expect([null, PART_BYTES + 1000], seen.fault).toContain(size)
      await store.put('k', body(), 'absent')
      expect(await store.head('k'), seen.fault).toMatchObject({ size: PART_BYTES + 1000 })
    }
    const steps = ['createMultipartUpload', 'uploadPart', 'uploadPart', 'complete', 'get', 'put', 'list', 'delete']
    expect(faults).toEqual(steps)
  })
})

describe('a bucket that does not exist', () => {
  it.each(['LOGS', 'LAKE'] as const)(
    'fails the run with an error that names binding and bucket: %s',
    async (binding) => {
      const env = fakeEnv(LOGS)
      env[binding].before = (method) => {
        throw new Error(`${method}: The specified bucket does not exist. (10006)`)
      }
      const name = { LOGS: cloudflare.logsBucket, LAKE: cloudflare.lakeBucket }[binding]
      const [error] = await runCrons(env)
      expect(error).toContain(`bucket ${binding} (${name}): `)
      expect(error).toContain('The specified bucket does not exist. (10006)')
      expect(error).toContain('`npx wrangler r2 bucket create` makes it')
    },
  )
})
