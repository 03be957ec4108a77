import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Answers } from '../../src/questions.ts'
import { HOME } from './project.ts'

/** The versions that are tested. */
const BUN = '1.3.14'
const DENO = '2.9.6'

const isArm = process.arch === 'arm64'

/** Packages of npm's registry that bring the binary for this platform, and where it lies in them; the last is tried first. */
const BINARIES = {
  bun: [
    { name: `@oven/bun-${process.platform}-${isArm ? 'aarch64' : 'x64'}`, version: BUN, file: 'bin/bun' },
    // The one for newer processors can arrive empty.
    { name: `@oven/bun-${process.platform}-${isArm ? 'aarch64' : 'x64'}-baseline`, version: BUN, file: 'bin/bun' },
  ],
  deno: [
    { name: `@deno/${process.platform}-${process.arch}`, version: DENO, file: 'deno' },
    { name: `@deno/${process.platform}-${process.arch}-glibc`, version: DENO, file: 'deno' },
  ],
}

/** The environment in which this runtime's commands are found; installs it below .tmp/ the first time. */
export function environmentFor(runtime: Answers['runtime']): NodeJS.ProcessEnv {
  if (runtime !== 'bun' && runtime !== 'deno') return {}
  const home = join(HOME, runtime)
  const bin = join(home, 'path')
  const candidates = BINARIES[runtime].map((one) => ({ ...one, path: join(home, 'node_modules', one.name, one.file) }))
  const binary = () => candidates.find(({ path }) => existsSync(path) && statSync(path).size > 0)?.path
  for (const { name, version } of candidates.toReversed()) {
    if (binary()) break
    mkdirSync(home, { recursive: true })
    const what = ['--no-save', '--no-audit', '--no-fund', '--prefix', home, `${name}@${version}`]
    execFileSync('npm', ['install', ...what], { stdio: 'inherit' })
  }
  rmSync(bin, { recursive: true, force: true })
  mkdirSync(bin)
  symlinkSync(binary() as string, join(bin, runtime))
  return { PATH: `${bin}:${process.env.PATH}` }
}

export const versionOf = (runtime: Answers['runtime']): string =>
  runtime === 'bun' ? `Bun ${BUN}` : runtime === 'deno' ? `Deno ${DENO}` : `Node ${process.versions.node}`
