import type { R2Bucket } from '@cloudflare/workers-types'
import type { Miniflare } from 'miniflare'
import { withLake } from '../../templates/query/duckdb.ts'
import { runVerify } from '../../templates/query/verify.ts'
import { cachedPins } from '../../templates/src/lake/cached-pins.ts'
import type { ReaderOptions } from '../../templates/src/lake/reader.ts'
import { keyValues, readFooter } from '../../templates/src/parquet/footer.ts'
import { r2Storage } from '../../templates/src/storage/r2.ts'
import { makeFolder } from '../query/support.ts'

/** Lets `work` read the lake of a running Worker, by the emitted reader and native DuckDB. */
export async function readLake<T>(miniflare: Miniflare, work: (lake: ReaderOptions) => Promise<T>): Promise<T> {
  const storage = r2Storage((await miniflare.getR2Bucket('LAKE', 'main')) as unknown as R2Bucket)
  const cache = makeFolder('cache')
  const openPins = () => cachedPins(storage, cache.path)
  const readMetadata: ReaderOptions['readMetadata'] = async (input) => keyValues(await readFooter(input))
  try {
    return await work({ storage, prefix: 'analytics', granularity: 'day', readMetadata, openPins })
  } finally {
    cache.remove()
  }
}

/** Trace ids of all rows, sorted: whoever is there twice counts twice. */
export const traceIds = (miniflare: Miniflare): Promise<string[]> =>
  readLake(miniflare, (options) =>
    withLake(options, async ({ rows }) =>
      (await rows('SELECT traceId FROM analytics ORDER BY ALL')).map((row) => String(row.traceId)),
    ),
  )

/** What `verify` says of the books. */
export async function verify(miniflare: Miniflare): Promise<{ isBalanced: boolean; imbalances: unknown[] }> {
  let text = ''
  await readLake(miniflare, (options) =>
    runVerify(options, { json: true }, (line) => {
      text += line
      return true
    }),
  )
  return JSON.parse(text)
}
