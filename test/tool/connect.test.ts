import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { QUICK, run, scratch, snapshot } from '../support/tool.ts'

const GATEWAY = `import { createGateway } from '@homegrower-club/stoma'

export default createGateway({ name: 'edge', policies: [], routes: [] })
`
const APP = `import { Hono } from 'hono'

export const app = new Hono()
`

/** A workspace: an analytics project in `analytics`, and a package with these files in `shop`. */
async function workspace(files: Record<string, string>) {
  const cwd = scratch()
  mkdirSync(join(cwd, '.git'))
  const { code, stderr } = await run(cwd, ['analytics', ...QUICK])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, 'shop', path)), { recursive: true })
    writeFileSync(join(cwd, 'shop', path), text)
  }
  return cwd
}
const read = (...path: string[]) => readFileSync(join(...path), 'utf8')

describe('connect', () => {
  it('finds the analytics project nearby and puts its policy into the gateway', async () => {
    const cwd = await workspace({ 'src/index.ts': GATEWAY })
    const { code, stdout } = await run(cwd, ['connect', 'shop/src/index.ts'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Connected shop\/src\/index\.ts:\n {2}2 {2}import [^\n]+\n {2}4 {2}[^\n]*analyticsLog\(\)/)
    expect(read(cwd, 'shop/src/index.ts')).toBe(`import { createGateway } from '@homegrower-club/stoma'
import { analyticsLog } from '../../analytics/src/policy/analytics.ts'

export default createGateway({ name: 'edge', policies: [analyticsLog()], routes: [] })
`)
    const again = await run(cwd, ['connect', 'shop/src/index.ts', '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, action: 'same', framework: 'stoma', lines: [] })
  })

  it('imports by name where the package depends on the project, and logs a Hono app under its package', async () => {
    const manifest = JSON.stringify({ name: '@acme/shop', dependencies: { analytics: 'workspace:*' } })
    const cwd = await workspace({ 'package.json': manifest, 'src/app.ts': APP })
    await run(join(cwd, 'shop'), ['connect', 'src/app.ts'])
    expect(read(cwd, 'shop/src/app.ts')).toBe(`import { Hono } from 'hono'
import { analyticsLog } from 'analytics/policy'

export const app = new Hono()
app.use(analyticsLog({ gatewayName: 'shop' }).handler)
`)
  })

  it('finds the pipeline that moved into the same project', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'package.json'), '{ "name": "shop", "type": "module" }')
    writeFileSync(join(cwd, 'server.ts'), `${APP}export * from './routes.js'\n`)
    expect(await run(cwd, ['--into', '.', '--yes', '--no-install'])).toMatchObject({ code: 0 })
    expect(await run(cwd, ['connect', 'server.ts'])).toMatchObject({ code: 0, stderr: '' })
    expect(read(cwd, 'server.ts')).toContain(
      "from './analytics/src/policy/analytics.ts'\n\nexport const app = new Hono()\napp.use(",
    )
  })

  it('says under --dry-run what it would do, and writes nothing', async () => {
    const cwd = await workspace({ 'app.ts': APP })
    const before = snapshot(cwd)
    const words = await run(cwd, ['connect', 'shop/app.ts', '--dry-run'])
    expect(words.stdout).toMatch(/would read:\n.*import[\s\S]*app\.use[\s\S]*nothing was written/)
    const { stdout } = await run(cwd, ['connect', 'shop/app.ts', '--dry-run', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, action: 'connected', project: 'analytics' })
    expect(snapshot(cwd)).toEqual(before)
  })

  it('writes the file a link leads to, keeps its permissions, and leaves nothing beside it', async () => {
    const cwd = await workspace({ 'app.ts': APP })
    chmodSync(join(cwd, 'shop/app.ts'), 0o750)
    symlinkSync('shop/app.ts', join(cwd, 'link.ts'))
    const before = Object.keys(snapshot(cwd))
    expect(await run(cwd, ['connect', 'link.ts'])).toMatchObject({ code: 0, stderr: '' })
    expect(statSync(join(cwd, 'shop/app.ts')).mode & 0o777).toBe(0o750)
    expect(read(cwd, 'shop/app.ts')).toContain('../analytics/src/policy/analytics.ts')
    expect(Object.keys(snapshot(cwd))).toEqual(before)
  })

  it('refuses a shape it does not understand, with the lines to paste, and touches nothing', async () => {
    const cwd = await workspace({ 'app.ts': 'export default createApp()\n' })
    const before = snapshot(cwd)
    const words = await run(cwd, ['connect', 'shop/app.ts'])
    expect(words.code).toBe(1)
    expect(words.stderr).toMatch(
      /app\.ts:1: neither.*\n.*first line.*\nimport \{ analyticsLog \} from '\.\.\/analytics\/src/,
    )
    const { stdout } = await run(cwd, ['connect', 'shop/app.ts', '--json'])
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'NOT_UNDERSTOOD',
      line: 1,
      paste: expect.arrayContaining([expect.stringContaining('import')]),
    })
    expect(snapshot(cwd)).toEqual(before)
  })

  it('refuses bytes that are no text, and files that are no module', async () => {
    const cwd = await workspace({ 'app.ts': '', 'app.cjs': APP, 'app.md': APP })
    writeFileSync(join(cwd, 'shop/app.ts'), Buffer.from('// caf\xe9\n', 'latin1'))
    const before = snapshot(cwd)
    expect(await run(cwd, ['connect', 'shop/app.ts'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not UTF-8'),
    })
    for (const file of ['shop/app.cjs', 'shop/app.md', 'shop/none.ts', 'shop']) {
      expect(await run(cwd, ['connect', file])).toMatchObject({ code: 2 })
    }
    expect(snapshot(cwd)).toEqual(before)
  })

  it('asks for --from where no project is near, or several are', async () => {
    const cwd = await workspace({ 'app.ts': APP })
    const lonely = scratch()
    writeFileSync(join(lonely, 'app.ts'), APP)
    const { code, stderr } = await run(lonely, ['connect', 'app.ts'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/No analytics project is near[\s\S]*--from/)
    expect(await run(lonely, ['connect', 'app.ts', '--from', join(cwd, 'analytics')])).toMatchObject({ code: 0 })
    await run(cwd, ['more', ...QUICK])
    expect((await run(cwd, ['connect', 'shop/app.ts'])).stderr).toMatch(/several analytics projects/)
    expect((await run(cwd, ['connect', 'shop/app.ts', '--from', 'shop'])).stderr).toMatch(
      /shop is no analytics project/,
    )
  })

  it('takes one file and the flags it knows', async () => {
    for (const args of [[], ['a.ts', 'b.ts'], ['a.ts', '--form', 'x'], ['a.ts', '--from'], ['a.ts', '--json=yes']]) {
      expect(await run(scratch(), ['connect', ...args])).toMatchObject({ code: 2 })
    }
    expect((await run(scratch(), ['connect', '--help'])).stdout).toContain('USAGE')
  })
})
