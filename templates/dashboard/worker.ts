import type { R2Bucket } from '@cloudflare/workers-types'
import { config } from '../analytics.config.ts'
import { keyValues, readFooter } from '../src/parquet/footer.ts'
import { r2Storage } from '../src/storage/r2.ts'
import type { MergeInput } from '../src/types.ts'
import { createDashboard } from './handler.ts'

interface Env {
  LAKE: R2Bucket
  /** The files below dashboard/page. */
  ASSETS: { fetch(request: Request): Promise<Response> }
  /** A secret; without it nobody is answered but `wrangler dev` on one's own machine. */
  DASHBOARD_TOKEN?: string
}

const readMetadata = async (file: MergeInput) => keyValues(await readFooter(file))

/** The Worker of the dashboard: it only reads, and has nothing to do with the one that ingests and compacts. */
export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const { prefix, granularity } = config
    const asset = async () => {
      const found = await env.ASSETS.fetch(request)
      return new Response(found.body, found) // its headers are ours to add to
    }
    const lake = { storage: r2Storage(env.LAKE), prefix, granularity, readMetadata }
    return createDashboard({ lake, asset, token: env.DASHBOARD_TOKEN })(request)
  },
}
