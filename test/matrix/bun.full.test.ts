import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { distinctProjects, HOME, runScript, writeProject } from '../support/project.ts'

const BUN = '1.3.14'
const home = join(HOME, 'bun')
const bin = join(home, 'path')

/** npm brings the binary in a package for the platform; the one for newer processors can arrive empty. */
function installBun(): void {
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x64'
  const packages = [`@oven/bun-${process.platform}-${arch}`, `@oven/bun-${process.platform}-${arch}-baseline`]
  const binary = () =>
    packages
      .map((name) => join(home, 'node_modules', name, 'bin/bun'))
      .find((path) => existsSync(path) && statSync(path).size > 0)
  for (const name of packages.toReversed()) {
    if (binary()) break
    mkdirSync(home, { recursive: true })
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', home, `${name}@${BUN}`], {
      stdio: 'inherit',
    })
  }
  rmSync(bin, { recursive: true, force: true })
  mkdirSync(bin)
  symlinkSync(binary() as string, join(bin, 'bun'))
}

describe.each(distinctProjects().filter(({ answers }) => answers.runtime === 'bun'))(
  'the project $name, on Bun',
  (project) => {
    const env = { PATH: `${bin}:${process.env.PATH}` }
    let dir: string
    beforeAll(() => {
      installBun()
      dir = writeProject('matrix-bun', project)
    })

    it('passes its own tests', async () => {
      const { code, output } = await runScript(dir, 'test', env)
      expect(code, output).toBe(0)
      expect(output).toMatch(/\d+ pass\s+0 fail/)
    })

    it('runs its own demo', async () => {
      const { code, output } = await runScript(dir, 'demo', env)
      expect(code, output).toBe(0)
    })
  },
)
