import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * `worker.ts` over the modules of an emitted project instead of the templates, as one file that a bare Node starts
 * quickly. It lies where the project's own command lies, so that what is found relative to that is found.
 */
export async function bundleWorker(project: string): Promise<string> {
  const outfile = join(project, 'src/worker/bundled-worker.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'error' },
    plugins: [
      {
        name: 'emitted instead of templates',
        setup({ onResolve }) {
          onResolve({ filter: /\/templates\// }, ({ path }) => ({
            path: join(project, path.split('/templates/')[1] ?? ''),
          }))
        },
      },
    ],
  })
  return outfile
}
