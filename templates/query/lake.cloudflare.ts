import { cloudflare } from '../cloudflare.config.ts'
import { cachedPins } from '../src/lake/cached-pins.ts'
import type { ReaderOptions } from '../src/lake/reader.ts'
import { r2Storage } from '../src/storage/r2.ts'
import { s3Storage } from '../src/storage/s3.ts'
import type { CompactorStorage } from '../src/types.ts'
import { openEngine } from '../src/wiring/engine.ts'
import type { Settings } from '../src/wiring.ts'
import { openLocalBuckets } from './buckets.ts'

/** Lets `work` read the lake: the local bucket of `dev`, or the deployed one by R2's endpoint. */
export async function withStorage<T>(settings: Settings, work: (lake: ReaderOptions) => Promise<T>): Promise<T> {
  const { lake, prefix, granularity } = settings
  const { readMetadata } = openEngine().merger
  const read = (storage: CompactorStorage) =>
    work({ storage, prefix, granularity, readMetadata, openPins: () => cachedPins(storage, '.cache') })
  if (/^https?:/.test(lake)) return read(openDeployed(lake))
  const { LAKE, close } = await openLocalBuckets(lake)
  try {
    return await read(r2Storage(LAKE))
  } finally {
    await close()
  }
}

function openDeployed(endpoint: string): CompactorStorage {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env
  if (!accessKeyId || !secretAccessKey)
    throw new Error(`${endpoint}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to those of an R2 API token`)
  return s3Storage({ bucket: cloudflare.lakeBucket, endpoint, region: 'auto', accessKeyId, secretAccessKey })
}
