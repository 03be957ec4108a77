import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QUICK, run, scratch, snapshot } from '../support/tool.ts'
import { template, tgz } from './tars.ts'

let server: Server
/** What the address serves now; nothing: 404. */
let served: Uint8Array | undefined
let source: string
beforeAll(async () => {
  server = createServer((_, response) => (served ? response.end(served) : response.writeHead(404).end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme.tar.gz`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const manifest = (dir: string) => JSON.parse(read(dir, '.stoma/manifest.json'))
const FIRST = {
  'src/acme.ts': 'export const acme = 1\n',
  'src/custom/columns.ts': '// of Acme\nexport const customColumns = []\n',
}

async function project(files: Record<string, string> = FIRST) {
  served = template(files)
  const cwd = scratch()
  expect(await run(cwd, ['app', ...QUICK, '--template', source])).toMatchObject({ code: 0, stderr: '' })
  return join(cwd, 'app')
}

describe('create --template', () => {
  it('emits the overlay over the built-in files, and pins what it was', async () => {
    const dir = await project()
    expect(read(dir, 'src/acme.ts')).toBe(FIRST['src/acme.ts'])
    expect(read(dir, 'src/custom/columns.ts')).toBe(FIRST['src/custom/columns.ts'])
    const { template, files, replay } = manifest(dir)
    expect(template.overlay).toEqual({ source, integrity: expect.stringMatching(/^sha256-/) })
    expect(replay).toContain(`--template ${source} --yes`)
    expect(read(dir, 'README.md')).toContain(replay)
    expect(files).toContainEqual(expect.objectContaining({ path: 'src/acme.ts', owner: 'managed' }))
  })

  it('makes the same bytes again', async () => {
    const [one, two] = [await project(), await project()]
    expect(snapshot(two)).toEqual(snapshot(one))
  })

  it('writes nothing where the template cannot be had or is hostile', async () => {
    const cwd = scratch()
    served = undefined
    const gone = await run(cwd, ['app', ...QUICK, '--json', '--template', source])
    expect(JSON.parse(gone.stdout).error).toMatchObject({ code: 'TEMPLATE_UNREACHABLE', exitCode: 1 })
    served = tgz([{ path: 'top/.git/hooks/post-checkout', text: '#!/bin/sh', mode: 0o755 }])
    const hostile = await run(cwd, ['app', ...QUICK, '--json', '--template', source])
    expect(JSON.parse(hostile.stdout).error).toMatchObject({ code: 'TEMPLATE_REFUSED' })
    expect(snapshot(cwd)).toEqual({})
  })
})

describe('upgrade of a project with a template', () => {
  it('has nothing to do while that is what it was', async () => {
    const dir = await project()
    const before = snapshot(dir)
    const { code, stdout } = await run(dir, ['upgrade'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Nothing to do') })
    expect(snapshot(dir)).toEqual(before)
  })

  it('brings what the template has now, keeps every edit, and says that it moved', async () => {
    const dir = await project()
    writeFileSync(join(dir, 'src/acme.ts'), `${FIRST['src/acme.ts']}// mine\n`)
    served = template({
      ...FIRST,
      'src/acme.ts': 'export const zero = 0\nexport const acme = 1\n',
      'src/new.ts': 'export {}\n',
    })
    const { stdout } = await run(dir, ['upgrade'])
    expect(stdout).toMatch(/The template http\S+ moved: \S+ → \S+\./)
    expect(read(dir, 'src/acme.ts')).toBe('export const zero = 0\nexport const acme = 1\n// mine\n')
    expect(read(dir, 'src/new.ts')).toBe('export {}\n')
    expect((await run(dir, ['upgrade'])).stdout).toContain('Nothing to do')
  })

  it('takes the built-in file back where the template no longer has its own', async () => {
    const dir = await project({ ...FIRST, 'src/policy/request.ts': 'export {}\n' })
    served = template({ 'src/custom/columns.ts': FIRST['src/custom/columns.ts'] })
    await run(dir, ['upgrade'])
    expect(existsSync(join(dir, 'src/acme.ts'))).toBe(false)
    expect(read(dir, 'src/policy/request.ts')).toContain('traceIdOf')
  })

  it('counts it as unchanged, and says so, where it cannot be had or must not be used', async () => {
    const dir = await project()
    rmSync(join(dir, 'src/types.ts'))
    const states = [undefined, tgz([{ path: 'top/../x', text: 'x' }]), template(FIRST).subarray(0, 60)]
    for (const state of states) {
      served = state
      const { code, stdout } = await run(dir, ['upgrade', '--restore', '--dry-run'])
      expect(code).toBe(0)
      expect(stdout).toMatch(/Its files count as unchanged\.[\s\S]*new\s+src\/types\.ts/)
    }
    served = undefined
    await run(dir, ['upgrade', '--restore'])
    expect(read(dir, 'src/acme.ts')).toBe(FIRST['src/acme.ts'])
    expect(manifest(dir).template.overlay.source).toBe(source)
  })

  it('refuses to guess where neither the template nor its copy is there', async () => {
    const dir = await project()
    const [copy] = readdirSync(join(dir, '.stoma/overlay'))
    writeFileSync(join(dir, '.stoma/overlay', copy as string), '[]')
    served = undefined
    const { code, stderr } = await run(dir, ['upgrade'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/no copy of it[\s\S]*version control/)
  })
})
