import type { R2Bucket } from '@cloudflare/workers-types'
import { config } from '../analytics.config.ts'
import { type MemoryStorage, memoryStorage } from '../src/storage/memory.ts'
import type { ObjectInfo, PutCondition } from '../src/types.ts'

export interface FakeBucket extends R2Bucket {
  readonly storage: MemoryStorage
  /** Called before each call; what it throws, the call throws. */
  before: (method: string, key: string) => void
}

/** A bucket in memory, as much of one as the Worker uses. */
export function fakeBucket(): FakeBucket {
  const storage = memoryStorage()
  const object = (info: ObjectInfo | null) => info && { ...info, uploaded: new Date(info.lastModified) }
  const calls = {
    async list({ prefix = '', startAfter }: { prefix?: string; startAfter?: string }) {
      const objects = []
      for await (const info of storage.list(prefix, startAfter)) objects.push(object(info))
      return { objects, truncated: false }
    },
    head: async (key: string) => object(await storage.head(key)),
    async get(key: string, { range, onlyIf }: GetOptions = {}) {
      const found = await storage.get(key, { ...range, ...(onlyIf && { ifMatch: onlyIf.etagMatches }) })
      return found && { ...object(found.info), body: found.body }
    },
    async put(key: string, body: Uint8Array, { onlyIf }: { onlyIf: { etagMatches?: string } }) {
      const condition: PutCondition = onlyIf.etagMatches === undefined ? 'absent' : { ifMatch: onlyIf.etagMatches }
      return object(await storage.put(key, body, condition))
    },
    delete: (keys: string[]) => storage.delete(keys),
  }
  const bucket = { ...calls, storage, before: (_method: string, _key: string) => {} }
  for (const [method, call] of Object.entries(calls) as [string, (...args: unknown[]) => Promise<unknown>][])
    Object.assign(bucket, {
      async [method](...args: unknown[]) {
        bucket.before(method, String(args[0]))
        return call(...args)
      },
    })
  return bucket as unknown as FakeBucket
}

interface GetOptions {
  range?: { offset?: number; length?: number }
  onlyIf?: { etagMatches: string }
}

/** What the Worker is bound to, with these raw logs. */
export function fakeEnv(logs: Record<string, string> = {}) {
  const env = { LOGS: fakeBucket(), LAKE: fakeBucket(), ANALYTICS_TOKEN: 'a secret' }
  for (const [key, text] of Object.entries(logs)) addLog(env, key, text)
  return env
}

/** The key of a raw log. */
export const logKey = (name: string) => `${config.source}${name}`

export function addLog({ LOGS }: { LOGS: FakeBucket }, key: string, text: string): void {
  LOGS.storage.objects.set(key, { bytes: Buffer.from(text), lastModified: Date.now() })
}

/** Runs without what the Worker prints, which is much, and resolves to what it came to. */
export async function quietly<T>(task: () => Promise<T>): Promise<T> {
  const { log, error } = console
  console.log = console.error = () => {}
  return task().finally(() => Object.assign(console, { log, error }))
}
