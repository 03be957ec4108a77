import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CASES, cases } from './cases.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const accepted = cases.filter(({ refused }) => refused === undefined)

// Beside the installed packages, as a workspace would have it: the gateways' folders, and the analytics project.
let folder: string
beforeAll(async () => {
  mkdirSync(join(root, '.tmp'), { recursive: true })
  folder = mkdtempSync(join(root, '.tmp/connect-'))
  mkdirSync(join(folder, 'my-analytics'))
  symlinkSync(join(root, 'templates/src'), join(folder, 'my-analytics/src'))
  for (const { name, path, output } of accepted) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, path), output)
    const neighbour = join(CASES, name, 'users.js')
    if (existsSync(neighbour)) writeFileSync(join(folder, name, 'users.js'), readFileSync(neighbour))
  }
  await build({
    entryPoints: accepted.map(({ path }) => join(folder, path)),
    outbase: folder,
    outdir: join(folder, 'bundled'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    logLevel: 'error',
    // As published, the gateway's package names sources that it does not ship.
    alias: {
      '@homegrower-club/stoma': join(root, 'node_modules/@homegrower-club/stoma/dist/index.js'),
      '@homegrower-club/stoma/policies': join(root, 'node_modules/@homegrower-club/stoma/dist/policies/index.js'),
    },
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Served = { fetch(request: Request): Promise<Response> }

/** What a gateway module exports, whichever way: an app, a handler, a factory, a class. */
async function serverOf(module: Record<string, unknown>): Promise<Served> {
  const exported = (module.default ?? module.app) as Served | (() => Served) | (new () => { app: Served })
  if (typeof exported !== 'function') return exported
  return /^class/.test(String(exported))
    ? new (exported as new () => { app: Served })().app
    : (exported as () => Served)()
}

describe.each(accepted)('the gateway of $name', ({ path, input }) => {
  it('answers as before, and leaves exactly one line', async () => {
    const [, method, url, route] = /^\/\/ (\w+) (\S+) is (\S+)$/m.exec(input) as unknown as [
      string,
      string,
      string,
      string,
    ]
    const bundle = join(folder, 'bundled', path.replace(/\.\w+$/, '.mjs'))
    const server = await serverOf(await import(pathToFileURL(bundle).href))
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      const response = await server.fetch(new Request(`http://localhost${url}`, { method }))
      expect(response.status).toBe(200)
      const lines = log.mock.calls.map(([line]) => JSON.parse(line)).filter(({ _type }) => _type === 'stoma_analytics')
      expect(lines).toEqual([expect.objectContaining({ method, statusCode: 200, routePath: expect.any(String) })])
      expect(`${lines[0].gatewayName} ${lines[0].routePath}`).toMatch(
        path.startsWith('stoma') ? `edge ${route}` : /^shop \/(users|people)\/:id$/,
      )
    } finally {
      log.mockRestore()
    }
  })
})

describe('to the type checker', () => {
  it('a connected gateway is as good as before', () => {
    const stoma = '../../node_modules/@homegrower-club/stoma/dist'
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../templates/tsconfig.json',
        compilerOptions: {
          erasableSyntaxOnly: false,
          jsx: 'react-jsx',
          jsxImportSource: 'hono/jsx',
          lib: ['es2023', 'dom'],
          module: 'esnext',
          moduleResolution: 'bundler',
          allowJs: true,
          paths: {
            '@homegrower-club/stoma': [`${stoma}/index.d.ts`],
            '@homegrower-club/stoma/policies': [`${stoma}/policies/index.d.ts`],
          },
        },
        include: accepted.map(({ path }) => path),
      }),
    )
    const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' })
    expect(stdout).toBe('')
  })
})
