/** `npm run demo`: builds the tool, makes a project in .demo/ with it, and runs that project's own demo. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const home = join(root, '.demo')
const project = join(home, 'my-analytics')

// The project lies inside this repository, so its packages resolve to the ones installed here.
await import('./build.mjs')
rmSync(project, { recursive: true, force: true })
mkdirSync(home, { recursive: true })
const flags = ['--yes', '--no-install', '--no-git', '--pm', 'npm', ...process.argv.slice(2)]
run(process.execPath, [join(root, 'dist/cli.js'), 'my-analytics', ...flags], home)
run('npm', ['run', 'demo', '--silent'], project)

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
