/** Bundles src/ into dist/: the command with all it needs, split so that a run loads only its own part. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  // jsonc-parser's other entry asks for its parts by a computed require, which no bundle can follow.
  mainFields: ['module', 'main'],
  platform: 'node',
  target: 'node20.12',
  // Chunks lie beside the entry: src/templates.ts finds its folder from wherever it ends up.
  chunkNames: '[name]-[hash]',
  legalComments: 'none',
  metafile: true,
})
chmodSync(join(dist, 'cli.js'), 0o755)

// Bundling copies other people's code, and their licences ask to come along.
const packages = new Set(
  Object.keys(metafile.inputs).flatMap((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1] ?? []),
)
const licences = [...packages].sort().map((name) => {
  const folder = join(root, 'node_modules', name)
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  // Some bring a bundle of their own, with the licences of what is in it.
  const folders = ['', 'dist'].filter((below) => existsSync(join(folder, below)))
  const files = folders.flatMap((below) => readdirSync(join(folder, below)).map((entry) => join(below, entry)))
  const texts = files
    .filter((file) => /(^licen[cs]e|third-party-licen[cs]es)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`
})
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`))

// Templates as one file: [path, text] pairs in the order of their paths.
const templates = readdirSync(join(root, 'templates'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(join(root, 'templates'), join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .sort()
  .map((path) => [path, readFileSync(join(root, 'templates', path), 'utf8')])
writeFileSync(join(dist, 'templates.json.gz'), gzipSync(JSON.stringify(templates), { level: 9 }))

// Chunks of earlier builds go last, so that dist/ is whole at every moment.
const current = new Set([
  ...Object.keys(metafile.outputs).map((path) => basename(path)),
  'THIRD-PARTY-LICENSES.txt',
  'templates.json.gz',
])
for (const name of readdirSync(dist)) if (!current.has(name)) rmSync(join(dist, name), { recursive: true })
