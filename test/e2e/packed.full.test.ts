import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { execute } from './project.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function npm(args: string[], cwd: string) {
  const ran = await execute('npm', args, cwd)
  if (ran.code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return ran.stdout
}

/** Outside of the repository: whatever is missing in the package is missing here. */
let home: string
let tarball: string
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'packed-'))
  const [packed] = JSON.parse(await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', home], root))
  tarball = join(home, packed.filename)
  expect(packed.unpackedSize).toBeLessThan(1_000_000)
  return () => rmSync(home, { recursive: true, force: true })
})

describe('the packed tool', () => {
  it('installs nothing but itself', async () => {
    const folder = join(home, 'installed')
    mkdirSync(folder)
    await npm(['init', '--yes'], folder)
    await npm(['install', tarball], folder)
    const packages = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))
    expect(packages).toEqual(['create-stoma-analytics'])
  })

  it('makes a project the way `npm create` calls it, which installs, tests and runs its demo on its own', async () => {
    const folder = join(home, 'empty')
    mkdirSync(folder)
    const call = [
      'exec',
      '--yes',
      `--package=${tarball}`,
      '--',
      'create-stoma-analytics',
      'my-app',
      '--runtime',
      'node',
    ]
    await npm([...call, '--yes', '--no-git', '--install'], folder)
    const project = join(folder, 'my-app')
    expect(existsSync(join(project, 'node_modules/hono'))).toBe(true)
    expect(await npm(['test'], project)).toMatch(/Tests .*passed/)
    await npm(['run', 'typecheck'], project)
    const demo = await npm(['run', 'demo'], project)
    expect(demo).toContain('GET /products/:id')
    expect(demo).toContain('Balanced: nothing lost, nothing twice.')
    expect(readFileSync(join(project, 'README.md'), 'utf8')).toContain('npm create stoma-analytics')
  })
})
