import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const { resolve } = createRequire(import.meta.url)
const page = (name: string) => fileURLToPath(new URL(`./page/${name}`, import.meta.url))
const duckdb = resolve('@duckdb/duckdb-wasm/dist/duckdb-browser.mjs')
const { resolve: resolveFromDuckdb } = createRequire(duckdb)

/** The page's own files, and what it needs of installed packages: nothing else is served, and nothing from elsewhere. */
const ASSETS: Record<string, string> = {
  '/index.html': page('index.html'),
  '/style.css': page('style.css'),
  '/app.js': page('app.js'),
  '/charts.js': page('charts.js'),
  '/format.js': page('format.js'),
  '/lake.js': page('lake.js'),
  '/queries.js': page('queries.js'),
  '/tables.js': page('tables.js'),
  '/vendor/uplot.js': resolve('uplot/dist/uPlot.iife.min.js'),
  '/vendor/uplot.css': resolve('uplot/dist/uPlot.min.css'),
  '/vendor/arrow.js': resolveFromDuckdb('apache-arrow').replace(/[^/\\]+$/, 'Arrow.esnext.min.js'),
  '/vendor/duckdb.js': duckdb,
  '/vendor/duckdb.worker.js': resolve('@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js'),
  '/vendor/duckdb.wasm': resolve('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm'),
}
/** The paths of what comes from packages. */
export const PACKAGED = Object.keys(ASSETS).filter((path) => path.startsWith('/vendor/'))
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
}

export async function readAsset(path: string): Promise<Buffer | null> {
  const file = ASSETS[path]
  if (!file) return null
  const bytes = await readFile(file)
  if (path !== '/vendor/duckdb.js') return bytes
  // Browsers know no bare names: what it would import from there, a script of the page has made global.
  return Buffer.from(
    bytes.toString().replace(/import\s*\*\s*as (\w+) from\s*"apache-arrow"/g, 'const $1=globalThis.Arrow'),
  )
}

type Packed = { body: Buffer; headers: Record<string, string> }

/** Serves the assets, compressed once and kept; a browser that has one already is told so. */
export function localAssets(): (path: string, request: Request) => Promise<Response | null> {
  const packed = new Map<string, Promise<Packed | null>>()
  return async (path, request) => {
    const name = path === '/' ? '/index.html' : path
    if (!packed.has(name)) packed.set(name, pack(name))
    const asset = await packed.get(name)
    if (!asset) return null
    const isKnown = request.headers.get('if-none-match') === asset.headers.etag
    return new Response(isKnown || request.method === 'HEAD' ? null : asset.body, {
      status: isKnown ? 304 : 200,
      headers: asset.headers,
    })
  }
}

/** Every browser takes gzip, so nothing else is kept. */
async function pack(path: string): Promise<Packed | null> {
  const bytes = await readAsset(path)
  if (!bytes) return null
  const body = await promisify(gzip)(bytes, { level: 4 })
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`
  const type = TYPES[extname(path)] as string
  return { body, headers: { 'content-type': type, 'content-encoding': 'gzip', 'cache-control': 'no-cache', etag } }
}
