import { spawnSync } from 'node:child_process'

/**
 * Which of these paths of a project git has in another state than its last commit. Empty without git or a repository;
 * files that git does not know count as clean: it could not bring them back before either.
 */
export function dirtyPaths(dir: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  const args = [
    '--no-optional-locks',
    'status',
    '--porcelain=v1',
    '-z',
    '--untracked-files=no',
    '--no-renames',
    '--',
    '.',
  ]
  // A hook or a wrapper may have left GIT_DIR behind, which would ask another repository.
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...env } = process.env
  const { status, stdout } = spawnSync('git', args, { cwd: dir, env, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0 || !stdout) return []
  const prefix = spawnSync('git', ['rev-parse', '--show-prefix'], { cwd: dir, env, encoding: 'utf8' }).stdout.replace(
    /\n$/,
    '',
  )
  const dirty = new Set(
    stdout
      .split('\0')
      .filter((line) => line.length > 3)
      .map((line) => line.slice(3 + prefix.length)),
  )
  return paths.filter((path) => dirty.has(path))
}
