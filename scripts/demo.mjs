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
const given = process.argv.slice(2)
// The runtime that needs nothing but what runs this.
const runtime = given.includes('--runtime') ? [] : ['--runtime', 'node']
const flags = ['--yes', '--no-install', '--no-git', '--pm', 'npm', ...runtime, ...given]
// Its words about what to do next are for others: here, it is done.
run(process.execPath, [join(root, 'dist/cli.js'), 'my-analytics', ...flags], home, ['ignore', 'ignore', 'inherit'])
console.log('create-stoma-analytics made a project in .demo/my-analytics. Its own `npm run demo`:')
run('npm', ['run', 'demo', '--silent'], project, 'inherit')

function run(command, args, cwd, stdio) {
  const { status, error } = spawnSync(command, args, { cwd, stdio, shell: process.platform === 'win32' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
