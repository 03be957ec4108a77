import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A script that may import from `templates/src`, as one file that a bare Node starts quickly. */
export async function bundle(script: string, folder: string): Promise<string> {
  const outfile = join(folder, 'script.mjs')
  const resolveDir = fileURLToPath(new URL('../../templates/src', import.meta.url))
  await build({
    stdin: { contents: script, resolveDir, loader: 'ts' },
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' },
  })
  return outfile
}
