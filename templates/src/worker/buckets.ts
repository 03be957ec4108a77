import type { R2Bucket } from '@cloudflare/workers-types'
import { cloudflare } from '../../cloudflare.config.ts'
import { r2Storage } from '../storage/r2.ts'
import type { Stores } from './pipeline.ts'

export interface Buckets {
  LOGS: R2Bucket
  LAKE: R2Bucket
}

export interface Env extends Buckets {
  /** A secret; without it `fetch` answers nobody. */
  ANALYTICS_TOKEN?: string
}

/** What a run has used of what the platform allows it: every call to R2 is a subrequest. */
export interface Usage {
  calls: number
}

const names = { LOGS: cloudflare.logsBucket, LAKE: cloudflare.lakeBucket }

/** The bound buckets as stores. Each call is counted; one that fails says on which bucket and key. */
export function openBuckets(env: Partial<Buckets>, usage: Usage): Stores {
  const open = (binding: keyof Buckets) => {
    const bucket = env[binding]
    if (!bucket) throw new Error(`the binding ${binding} is missing: add it to "r2_buckets" in wrangler.jsonc`)
    return r2Storage(observed(bucket, `bucket ${binding} (${names[binding]})`, usage))
  }
  return { logs: open('LOGS'), lake: open('LAKE') }
}

type Method = (...args: unknown[]) => unknown

/** R2's error 10006: the binding is there, and no bucket behind it. */
const NO_BUCKET = /\(10006\)/

function observed<T extends object>(target: T, bucket: string, usage: Usage): T {
  const call = async (name: string, method: Method, args: unknown[]) => {
    usage.calls++
    try {
      const result = await method.apply(target, args)
      return name === 'createMultipartUpload' ? observed(result as object, bucket, usage) : result
    } catch (cause) {
      const where = typeof args[0] === 'string' ? ` of ${args[0]}` : ''
      const { message } = cause as Error
      const hint = NO_BUCKET.test(message) ? '; `npx wrangler r2 bucket create` makes it' : ''
      throw new Error(`${bucket}: ${name}${where} failed: ${message}${hint}`, { cause })
    }
  }
  return new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name)
      return typeof value === 'function' ? (...args: unknown[]) => call(String(name), value as Method, args) : value
    },
  })
}
