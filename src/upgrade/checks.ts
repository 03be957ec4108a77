import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answers } from '../questions.ts'

export interface Check {
  /** As a person would type it. */
  command: string
  ok: boolean
}

/**
 * Installs where the packages changed, then type-checks and tests a project with its own scripts; what they print goes to
 * stderr. Stops at the first that fails. A script that the user removed is passed over.
 */
export function checkProject(dir: string, pm: Answers['pm'], needsInstall: boolean): Check[] {
  const { scripts = {} } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>
  }
  const steps = [
    ...(needsInstall ? [['install']] : []),
    ...['typecheck', 'test'].filter((name) => scripts[name] !== undefined).map((name) => ['run', name]),
  ]
  const checks: Check[] = []
  for (const args of steps) {
    const { status } = spawnSync(pm, args, {
      cwd: dir,
      stdio: ['ignore', 2, 2],
      // Package managers are .cmd files on Windows, which only a shell starts. No argument comes from the user.
      shell: process.platform === 'win32',
    })
    checks.push({ command: [pm, ...args].join(' '), ok: status === 0 })
    if (status !== 0) break
  }
  return checks
}
