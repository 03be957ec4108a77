import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Answers } from '../../src/questions.ts'
import { type EmittedFile, render } from '../../src/render/index.ts'
import { readTemplates } from '../../src/templates.ts'
import { allCells, nameOf } from './cells.ts'

/** Inside the repository, so that packages resolve to the ones installed here. */
export const HOME = fileURLToPath(new URL('../../.tmp/', import.meta.url))

export interface Project {
  /** The cell it stands for; cells that differ only in literals share one. */
  name: string
  answers: Answers
  files: EmittedFile[]
}

/** One project for each tree of code that differs in more than literals. */
export function distinctProjects(): Project[] {
  const templates = readTemplates()
  const projects = new Map<string, Project>()
  for (const answers of allCells()) {
    // Without its page a project is the same project: one of them is enough.
    const { runtime, storage, parquet, format, dashboard } = answers
    const isBare = parquet !== 'ndjson' && !dashboard
    if (isBare && `${runtime} ${storage} ${parquet} ${format}` !== 'node local columnar standard') continue
    const files = render('my-analytics', answers, templates)
    const code = files.filter(({ path }) => path.includes('/') && path.endsWith('.ts'))
    const tree = createHash('sha256')
      .update(JSON.stringify([answers.runtime, code]))
      .digest('hex')
    if (!projects.has(tree)) projects.set(tree, { name: nameOf(answers), answers, files })
  }
  return [...projects.values()]
}

/** The project of one cell. */
export const projectOf = (answers: Answers): Project => ({
  name: nameOf(answers),
  answers,
  files: render('my-analytics', answers, readTemplates()),
})

/** Writes a project to a folder of its own under .tmp/, fresh. */
export function writeProject(group: string, { name, files }: Project): string {
  const dir = join(HOME, group, name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  // vitest looks for a config in the folders above, and would find that of this repository.
  writeFileSync(join(HOME, 'vitest.config.mjs'), 'export default {}\n')
  for (const { path, text } of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

/** Runs one of the project's npm scripts; resolves to all that it said, and its exit code. */
export function runScript(dir: string, script: string, env: NodeJS.ProcessEnv = {}, flags: readonly string[] = []) {
  return new Promise<{ code: number; stdout: string; output: string }>((resolve) => {
    // Nothing of the test runner around may reach the one inside.
    const {
      VITEST: _vitest,
      VITEST_MODE: _mode,
      VITEST_POOL_ID: _pool,
      VITEST_WORKER_ID: _worker,
      ...clean
    } = process.env
    const options = { cwd: dir, env: { ...clean, NO_COLOR: '1', ...env }, maxBuffer: 1 << 26 }
    execFile('npm', ['run', '--silent', script, '--', ...flags], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, output: stdout + stderr }),
    )
  })
}
