import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Answers, PACKAGE_MANAGERS } from './questions.ts'

type PackageManager = Answers['pm']

const LOCK_FILES: Record<string, PackageManager> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'package-lock.json': 'npm',
}

/** Who called us, else whose lock file lies in a folder around, else npm. */
export function detectPackageManager(userAgent: string | undefined, dir: string): PackageManager {
  const caller = PACKAGE_MANAGERS.find((pm) => userAgent?.startsWith(`${pm}/`))
  if (caller) return caller
  for (const folder of ancestors(dir)) {
    const lock = Object.keys(LOCK_FILES).find((name) => existsSync(join(folder, name)))
    if (lock) return LOCK_FILES[lock] as PackageManager
  }
  return 'npm'
}

/** A `.git` is a folder in a clone, and a file in a worktree or a submodule. */
export function insideRepository(dir: string): boolean {
  return ancestors(dir).some((folder) => existsSync(join(folder, '.git')))
}

function ancestors(dir: string): string[] {
  const parent = dirname(dir)
  return parent === dir ? [dir] : [dir, ...ancestors(parent)]
}

/** How each spells what a person types. npm wants `--` before flags that are not its own. */
export const spelling = (pm: PackageManager) => ({
  install: `${pm} install`,
  run: `${pm} run`,
  create: `${pm} create`,
  flags: pm === 'npm' ? '-- ' : '',
})
