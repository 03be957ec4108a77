import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { allCells, coveringCells } from '../support/cells.ts'
import { HOME, projectOf, writeProject } from '../support/project.ts'

const projects = coveringCells(allCells()).map(projectOf)

/** Bundles an import of a project from another package of its workspace, as a gateway would; what came along. */
async function bundled(dir: string, specifier: string) {
  const gateway = join(HOME, 'gateway-of-imports')
  rmSync(gateway, { recursive: true, force: true })
  mkdirSync(join(gateway, 'node_modules'), { recursive: true })
  symlinkSync(dir, join(gateway, 'node_modules/my-analytics'))
  const { metafile, outputFiles } = await build({
    stdin: { contents: `export { analyticsLog } from 'my-analytics/${specifier}'`, resolveDir: gateway, loader: 'ts' },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'neutral', external: ['node:*'], preserveSymlinks: true },
    ...{ metafile: true, write: false, logLevel: 'error' },
  })
  const bytes = outputFiles[0]?.contents ?? new Uint8Array()
  const modules = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>')
  return { modules: modules.map((path) => path.replace(/.*my-analytics\//, '')), bytes }
}

const costs = new Set<string>()
afterAll(() => console.log([...costs].join('\n')))

describe.each(projects)('a gateway that imports the policy of $name', (project) => {
  it('gets the policy and nothing else: no processor, no storage, no DuckDB', async () => {
    const { modules, bytes } = await bundled(writeProject('imports', project), 'policy')
    costs.add(`the policy in a bundle: ${bytes.length} bytes minified, ${gzipSync(bytes).length} gzipped`)
    expect(modules.toSorted()).toEqual(['src/policy/analytics.ts', 'src/policy/request.ts'])
    expect(gzipSync(bytes).length).toBeLessThan(2048)
  })
})
