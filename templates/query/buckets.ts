import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Buckets } from '../src/worker/buckets.ts'

const WRANGLER_CONFIG = fileURLToPath(new URL('../wrangler.jsonc', import.meta.url))

/** The buckets as `wrangler dev` keeps them in this folder. Close them, or the process lives on. */
export async function openLocalBuckets(folder: string) {
  process.env.WRANGLER_LOG ??= 'error' // what a command prints on stdout is its result
  const { getPlatformProxy } = await import('wrangler')
  const persist = { path: join(folder, 'v3') }
  const { env, dispose } = await getPlatformProxy<Buckets>({ configPath: WRANGLER_CONFIG, persist })
  return { ...env, close: dispose }
}
