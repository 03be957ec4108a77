import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Miniflare, type WorkerOptions } from 'miniflare'
import { emit } from '../e2e/project.ts'

/** A bundle as wrangler would deploy it. */
export type Modules = Extract<WorkerOptions['modules'], unknown[]>

/** Emits a project made with these flags and lets wrangler bundle `entry`, a module at the project's root. */
export async function bundleWorker(name: string, entry: string, ...flags: string[]): Promise<Modules> {
  const { dir } = await emit(name, '--runtime', 'cloudflare', ...flags)
  writeFileSync(join(dir, 'entry.ts'), entry)
  const wrangler = join(import.meta.dirname, '../../node_modules/wrangler/bin/wrangler.js')
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' }
  execFileSync(process.execPath, [wrangler, 'deploy', 'entry.ts', '--dry-run', '--outdir', 'out'], {
    ...{ cwd: dir, env, stdio: 'ignore' },
  })
  const files = readdirSync(join(dir, 'out')).filter((file) => /\.(js|wasm)$/.test(file))
  return files
    .sort((a) => (a === 'entry.js' ? -1 : 1))
    .map((file) => ({
      type: file.endsWith('.js') ? ('ESModule' as const) : ('CompiledWasm' as const),
      path: file,
      contents: readFileSync(join(dir, 'out', file)),
    }))
}

/** Runs a bundle in workerd, with the two buckets and whatever else is said of it, beside other Workers. */
export function runWorker(
  modules: Modules,
  options: Partial<WorkerOptions> = {},
  others: WorkerOptions[] = [],
): Miniflare {
  const main: WorkerOptions = {
    ...{ name: 'main', modules, compatibilityDate: '2026-04-01', compatibilityFlags: ['nodejs_compat'] },
    r2Buckets: { LOGS: 'logs', LAKE: 'lake' },
    ...options,
  } as WorkerOptions
  // What it prints of each injected fault would bury everything else.
  const handleRuntimeStdio = (...streams: Readable[]) => {
    for (const stream of streams) stream.resume()
  }
  return new Miniflare({ workers: [main, ...others], handleRuntimeStdio, inspectorPort: 0 })
}
