import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { benchEmit } from './emit.ts'
import { benchIngest } from './ingest.ts'

/** `npm run bench [emit] [ingest]`: ratios against named peers, run in turn on the same input, outputs read back. */
const root = fileURLToPath(new URL('..', import.meta.url))
// Inside the repository, so that the emitted project finds the packages installed here.
const work = join(root, '.tmp/bench')
rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'project', '--yes', '--no-install', '--no-git'], {
  cwd: work,
})

const only = process.argv.slice(2)
const wanted = (name: string) => only.length === 0 || only.includes(name)
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`)
if (wanted('emit')) await benchEmit(root, work)
if (wanted('ingest')) await benchIngest(root, join(work, 'project'), work)
rmSync(work, { recursive: true, force: true })
