import { execFile } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The built command: `npm test` builds it first. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

export const support = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Flags that keep a run short: no question, nothing but the files. */
export const QUICK = ['--yes', '--no-install', '--no-git']

export interface Run {
  code: number | string
  stdout: string
  stderr: string
}

/** Runs the command without a terminal, in a clean environment. */
export function run(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args],
      { cwd, env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? (error.code ?? error.signal ?? 1) : 0, stdout, stderr }),
    )
  })
}

/** An empty folder whose name a package could have, gone after the test. */
export function scratch(): string {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'create-stoma-')))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const dir = join(parent, 'here')
  mkdirSync(dir)
  return dir
}

/** Everything below a folder: names, kinds, permissions and contents. */
export function snapshot(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    entries.map((path) => {
      const stats = lstatSync(join(dir, path))
      const mode = (stats.mode & 0o777).toString(8)
      if (stats.isDirectory()) return [path, `folder ${mode}`]
      if (stats.isSymbolicLink()) return [path, `link to ${readlinkSync(join(dir, path))}`]
      return [path, `${mode} ${readFileSync(join(dir, path), 'latin1')}`]
    }),
  )
}

/** Paths of the files below a folder, with slashes. */
export const filesOf = (dir: string) =>
  Object.entries(snapshot(dir)).flatMap(([path, what]) =>
    what.startsWith('folder') ? [] : [path.replaceAll('\\', '/')],
  )
