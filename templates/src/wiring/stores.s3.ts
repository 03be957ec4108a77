import { join, resolve, sep } from 'node:path'
import { cachedPins } from '../lake/cached-pins.ts'
import { localPins } from '../lake/pins.ts'
import { localStorageAdapter } from '../storage/local.ts'
import { localLogs } from '../storage/logs.ts'
import { objectLogs } from '../storage/object-logs.ts'
import { s3Storage } from '../storage/s3.ts'
import type { LogSource } from '../types.ts'

/** What `analytics.config.ts` says of them. */
export interface StoreSettings {
  /** A folder, or `s3://bucket/beginning/of/keys`. */
  source: string
  /** A folder, or `s3://bucket`. */
  lake: string
  prefix: string
  endpoint: string
  region: string
  settle: number
}

/** Where raw logs and the lake lie, and how readers hold on to files of it. */
export function openStores(settings: StoreSettings) {
  const { source, lake, prefix, settle } = settings
  const [logs, home] = [bucketOf(source), bucketOf(lake)]
  if (home?.path) throw new Error(`lake "${lake}" names more than a bucket: put what follows it into \`prefix\``)
  const holdsLake = logs
    ? logs.bucket === home?.bucket && `${prefix}/`.startsWith(logs.path)
    : !home && join(resolve(lake), sep).startsWith(join(resolve(source), sep))
  if (holdsLake)
    throw new Error(`source "${source}" holds the lake itself: give the logs a place of their own, such as logs/`)
  const local = () => localLogs(source, { settleMs: settle * 1000 })
  if (!home) {
    const storage = localStorageAdapter(lake)
    return { source: logs ? bucketLogs(logs, settings) : local(), storage, openPins: () => localPins(lake) }
  }
  const storage = openBucket(home.bucket, settings)
  const openPins = () => cachedPins(storage, '.cache')
  return { source: logs ? bucketLogs(logs, settings) : oneOfMany(local()), storage, openPins }
}

function bucketOf(place: string): { bucket: string; path: string } | null {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place) ?? []
  return bucket === undefined ? null : { bucket, path }
}

function bucketLogs({ bucket, path }: { bucket: string; path: string }, settings: StoreSettings): LogSource {
  return objectLogs(openBucket(bucket, settings), { name: bucket, prefix: path })
}

/** Several machines may write to one lake, each with logs of its own: none that is missing here is known to be gone. */
const oneOfMany = (logs: LogSource): LogSource => ({ ...logs, exists: async () => true })

function openBucket(bucket: string, { endpoint, region }: StoreSettings) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error(`s3://${bucket}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment`)
  return s3Storage({
    ...{ bucket, endpoint, region, accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  })
}
