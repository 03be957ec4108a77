import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HOME as REPOSITORY_TEMPORARY, runScript } from '../support/project.ts'
import { filesOf, run, scratch, snapshot } from '../support/tool.ts'

const PACKAGE = `{
\t"name": "@acme/shop",
\t"version": "3.1.4",
\t"scripts": {
\t\t"dev": "vite",
\t\t"test": "jest"
\t},
\t"exports": { ".": "./src/index.js" },
\t"dependencies": {
\t\t"hono": "^4.0.0",
\t\t"zod": "^3.0.0"
\t},
\t"devDependencies": { "typescript": "~5.4.0", "@duckdb/node-api": "1.4.0", "@types/node": "*" }
}
`
const SHOP = {
  'package.json': PACKAGE,
  'src/index.js': 'export {}\n',
  'README.md': '# Shop\n',
  'tsconfig.json': '{ "include": ["src"] }\n',
  '.gitignore': '# ours\nnode_modules/\ndist/\n',
}

function existing(files: Record<string, string> = SHOP): string {
  const cwd = scratch()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  return cwd
}
const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const QUICKLY = ['--into', '.', '--yes', '--no-install']
const INTO = [...QUICKLY, '--runtime', 'node']

/** What `analyticsLog` is to a package that has this one linked, as a workspace links it. */
function importedBeside(dir: string, specifier: string): string {
  const other = join(dir, 'other')
  mkdirSync(join(other, 'node_modules'), { recursive: true })
  symlinkSync(dir, join(other, 'node_modules/shop'))
  const script = `import { analyticsLog } from '${specifier}'; process.stdout.write(typeof analyticsLog)`
  const args = ['--import', 'tsx', '--input-type=module', '-e', script]
  return execFileSync(process.execPath, args, { cwd: other, encoding: 'utf8' })
}

describe('create --into', () => {
  it('moves the pipeline into a folder of the project, and touches nothing but what they share', async () => {
    const cwd = existing()
    const before = snapshot(cwd)
    const { code, stdout, stderr } = await run(cwd, [...INTO, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const after = snapshot(cwd)
    const changed = Object.keys(before).filter((path) => after[path] !== before[path])
    expect(changed).toEqual(['.gitignore', 'package.json'])
    const added = filesOf(cwd).filter((path) => !(path in before) && !/^(analytics|\.stoma)\//.test(path))
    expect(added).toEqual(['.gitattributes'])
    expect(JSON.parse(stdout)).toMatchObject({ name: 'shop-analytics', git: false })
    expect(JSON.parse(read(cwd, '.stoma/manifest.json'))).toMatchObject({ home: 'analytics' })
  })

  it('shares package.json: every line of the project stays in its place, what collides is reported', async () => {
    const cwd = existing()
    const { stdout } = await run(cwd, [...INTO, '--json'])
    const text = read(cwd, 'package.json')
    const merged = JSON.parse(text)
    const own = PACKAGE.split('\n').filter((line) => line.startsWith('\t') && !/[[{]|hono/.test(line))
    for (const line of own) expect(text.replaceAll(',', '')).toContain(line.replaceAll(',', ''))
    expect(merged).toMatchObject({ name: '@acme/shop', version: '3.1.4' })
    expect(merged.scripts).toMatchObject({
      dev: 'vite',
      test: 'jest',
      ingest: 'node --import tsx analytics/src/worker/standalone.ts ingest',
      report: 'node --import tsx analytics/query/cli.ts report',
      typecheck: 'tsc -p analytics',
    })
    expect(merged.exports).toMatchObject({
      '.': './src/index.js',
      './analytics/policy': './analytics/src/policy/analytics.ts',
      './analytics/storage/*': './analytics/src/storage/*.ts',
    })
    expect(merged.dependencies).toMatchObject({ zod: '^3.0.0', hono: expect.stringMatching(/^\^4\.[1-9]/) })
    expect(merged.devDependencies).toMatchObject({ typescript: '~5.4.0', '@types/node': '*' })
    expect(merged.dependencies['@duckdb/node-api']).toBeUndefined()
    const left = JSON.parse(stdout).left.map(({ key }: { key: string }) => key)
    expect(left.sort()).toEqual([
      'devDependencies.@duckdb/node-api',
      'devDependencies.@types/node',
      'devDependencies.typescript',
      'scripts.dev',
      'scripts.test',
    ])
  })

  it('begins no map of exports for a package that has none', async () => {
    const cwd = existing({ 'package.json': '{ "name": "shop" }' })
    await run(cwd, INTO)
    expect(JSON.parse(read(cwd, 'package.json')).exports).toBeUndefined()
  })

  it('says in words what stays otherwise, and the command behind a script whose name is taken', async () => {
    const cwd = existing({ 'package.json': '{ "scripts": { "demo": "mine" } }' })
    const { stdout } = await run(cwd, INTO)
    expect(stdout).toMatch(
      /Left as they are:\n {2}package\.json scripts\.demo: mine\n {4}here it would be node.*example\/demo\.ts/,
    )
    expect(stdout).toMatch(/Next:\n {2}npm install\n {2}node --import tsx analytics\/example\/demo\.ts\n/)
    expect(stdout).toMatch(/npm create stoma-analytics@\S+ -- --runtime node.* --into \. --yes/)
  })

  it('keeps CRLF and a byte order mark', async () => {
    const cwd = existing({ 'package.json': `\uFEFF${PACKAGE.replaceAll('\n', '\r\n')}` })
    expect(await run(cwd, INTO)).toMatchObject({ code: 0 })
    const text = read(cwd, 'package.json')
    expect(text.startsWith('\uFEFF{\r\n\t"name"')).toBe(true)
    expect(text).not.toMatch(/[^\r]\n/)
  })

  it('turns Logpush on in the wrangler.jsonc of a gateway, whose comments stay; the Worker of the pipeline is its own', async () => {
    const config = '{\n  // The gateway.\n  "name": "shop",\n  "main": "src/index.ts", // Hono\n}\n'
    const cwd = existing({ ...SHOP, 'wrangler.jsonc': config })
    const { code } = await run(cwd, [...QUICKLY, '--runtime', 'cloudflare'])
    expect(code).toBe(0)
    const text = read(cwd, 'wrangler.jsonc')
    expect(text).toMatch(/\/\/ The gateway\.\n {2}"name": "shop",\n {2}"main": "src\/index\.ts",.*\n?.*"logpush": true/)
    expect(text).toContain('// Hono')
    expect(read(cwd, 'analytics/wrangler.jsonc')).toMatch(/"name": "shop-analytics",\n {2}"main": "src\/worker/)
    expect(JSON.parse(read(cwd, 'package.json')).scripts.deploy).toBe('wrangler deploy -c analytics/wrangler.jsonc')
    expect(read(cwd, '.gitignore')).toMatch(/^\/analytics\/\.wrangler\/\n[\s\S]*^\/analytics\/\.dev\.vars\*\n/m)
  })

  it('says under --dry-run what the real run does, and writes nothing', async () => {
    const cwd = existing()
    const before = snapshot(cwd)
    const dry = JSON.parse((await run(cwd, [...INTO, '--dry-run', '--json'])).stdout)
    expect(snapshot(cwd)).toEqual(before)
    const real = JSON.parse((await run(cwd, [...INTO, '--json'])).stdout)
    expect(dry).toEqual({ ...real, dryRun: true })
  })

  it('is refused, with nothing written, where there is no project, or no room, or one of ours already', async () => {
    const refused = async (files: Record<string, string>, args: string[], code: string, message: RegExp) => {
      const cwd = existing(files)
      const before = snapshot(cwd)
      const { stdout } = await run(cwd, [...args, '--yes', '--no-install', '--json'])
      expect(JSON.parse(stdout).error).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(snapshot(cwd)).toEqual(before)
    }
    const into = ['--into', '.']
    await refused({ 'a.txt': '' }, into, 'USAGE', /no package\.json/)
    await refused(SHOP, ['--into', 'nowhere'], 'USAGE', /no package\.json/)
    await refused(SHOP, ['app', ...into], 'USAGE', /one too many/)
    await refused(SHOP, [...into, '--force'], 'USAGE', /overwrites nothing/)
    await refused({ 'package.json': '{ nonsense' }, into, 'UNREADABLE', /package\.json is no JSON/)
    await refused({ ...SHOP, 'analytics/src/types.ts': 'mine' }, into, 'TARGET_NOT_EMPTY', /analytics\/src\/types\.ts/)
    await refused({ ...SHOP, analytics: 'a file' }, into, 'TARGET_NOT_EMPTY', /analytics\//)
    const cwd = existing()
    await run(cwd, INTO)
    expect(await run(cwd, INTO)).toMatchObject({ code: 1, stderr: expect.stringMatching(/already\.[\s\S]*upgrade/) })
    const linked = existing()
    rmSync(join(linked, 'package.json'))
    writeFileSync(join(linked, 'real.json'), PACKAGE)
    symlinkSync('real.json', join(linked, 'package.json'))
    expect(await run(linked, INTO)).toMatchObject({ code: 1, stderr: expect.stringContaining('package.json') })
  })

  it('can be upgraded like any other: nothing to do at first, then only what changed', async () => {
    const cwd = existing()
    await run(cwd, INTO)
    const before = snapshot(cwd)
    expect((await run(cwd, ['upgrade'])).stdout).toContain('Nothing to do')
    expect(snapshot(cwd)).toEqual(before)
    rmSync(join(cwd, 'analytics/src/types.ts'))
    expect(await run(cwd, ['upgrade', '--restore', '--only', 'analytics/src'])).toMatchObject({ code: 0, stderr: '' })
    expect(await run(cwd, ['upgrade', '--set', 'parquet=ndjson', '--set', 'dashboard=no'])).toMatchObject({ code: 0 })
    expect(read(cwd, 'analytics/src/wiring/engine.ts')).toContain('ndjson')
    const { scripts, name } = JSON.parse(read(cwd, 'package.json'))
    expect({ name, dev: scripts.dev, test: scripts.test, compact: scripts.compact }).toEqual({
      ...{ name: '@acme/shop', dev: 'vite', test: 'jest', compact: undefined },
    })
  })
})

/** A package inside the repository, where its dependencies are, that a pipeline moved into. */
async function movedInto(packageJson: string): Promise<string> {
  mkdirSync(REPOSITORY_TEMPORARY, { recursive: true })
  const dir = mkdtempSync(join(REPOSITORY_TEMPORARY, 'into-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'package.json'), packageJson)
  expect(await run(dir, INTO)).toMatchObject({ code: 0 })
  return dir
}

describe('a pipeline that moved in', () => {
  it('type-checks and runs from the project it is in, whatever its modules are', async () => {
    const dir = await movedInto('{ "name": "shop", "type": "commonjs", "scripts": { "test": "jest" } }\n')
    expect(await runScript(dir, 'typecheck')).toMatchObject({ code: 0, output: '' })
    const { code, output } = await runScript(dir, 'demo')
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/2,000|accounted/) })
    expect(importedBeside(dir, 'shop/analytics/src/policy/analytics.ts')).toBe('function')
  })

  it('is imported by the name of its package from another one of the workspace, as its README says', async () => {
    const dir = await movedInto('{ "name": "shop", "exports": { ".": "./index.js" } }\n')
    expect(importedBeside(dir, 'shop/analytics/policy')).toBe('function')
    expect(read(dir, 'analytics/README.md')).toContain('`<name>/analytics/policy` where the\npackage has `exports`')
  })
})
