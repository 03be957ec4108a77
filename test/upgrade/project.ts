import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diffIndices } from 'node-diff3'
import { MANIFEST } from '../../src/manifest.ts'
import { render } from '../../src/render/index.ts'
import { readTemplates } from '../../src/templates.ts'
import { answersFor } from '../../src/upgrade/answers.ts'
import { releases, writeTree } from '../support/releases.ts'
import { run, scratch } from '../support/tool.ts'

const [first] = releases()
const files = first?.cells.get('node-day-duckdb-wasm') as ReadonlyMap<string, string>

/** A module that the first release and today's differ in, with the number of a line (from 0) that today's replaces. */
export const CLASH = (() => {
  const answers = answersFor(JSON.parse(files.get(MANIFEST) as string))
  for (const { path, text, owner } of render('my-analytics', answers, readTemplates())) {
    const old = files.get(path)
    if (owner !== 'managed' || !path.endsWith('.ts') || old === undefined) continue
    const replaced = diffIndices(old.split('\n'), text.split('\n')).find(
      ({ buffer1, buffer2 }) => buffer1[1] > 0 && buffer2[1] > 0,
    )
    if (replaced) return { path, line: replaced.buffer1[0], theirs: text }
  }
  throw new Error('today’s templates are those of the first release')
})()

/** The project that the first release made, in a folder of its own. */
export function oldProject(): string {
  const dir = scratch()
  writeTree(dir, files)
  return dir
}

/** Edits the line that today's template replaces. */
export function clash(dir: string): string {
  const path = join(dir, CLASH.path)
  const lines = readFileSync(path, 'utf8').split('\n')
  lines[CLASH.line] = '// mine, and mine alone'
  const text = lines.join('\n')
  writeFileSync(path, text)
  return text
}

export const read = (dir: string, path: string) => readFileSync(join(dir, path), 'utf8')

export function edit(dir: string, path: string, from: string | RegExp, to: string): void {
  const text = read(dir, path)
  if (text.replace(from, to) === text) throw new Error(`${path} does not hold ${from}`)
  writeFileSync(join(dir, path), text.replace(from, to))
}

/** Runs a command of the built tool in a project; resolves to its exit code and its JSON. */
export async function tool(dir: string, ...args: string[]) {
  const { code, stdout, stderr } = await run(dir, [...args, '--json'])
  return { code, json: stdout ? JSON.parse(stdout) : undefined, stderr }
}

/** Runs git as somebody; throws where it fails. */
export const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@x', '-c', 'init.defaultBranch=main', ...args], {
    cwd,
    stdio: 'pipe',
    encoding: 'utf8',
  })

/** A repository with all of a folder committed. */
export function committed(dir: string): string {
  git(dir, 'init', '-q')
  git(dir, 'add', '-A')
  git(dir, 'commit', '-qm', 'as emitted')
  return dir
}
