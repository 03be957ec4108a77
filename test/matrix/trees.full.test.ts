import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { allCells, coveringCells } from '../support/cells.ts'
import { distinctProjects, HOME, projectOf, runScript, writeProject } from '../support/project.ts'
import { environmentFor, versionOf } from '../support/runtimes.ts'
import { record } from './results.ts'

const projects = distinctProjects()

it('what is emitted has no lint', () => {
  for (const cell of coveringCells(allCells())) writeProject('matrix-lint', projectOf(cell))
  const biome = join(HOME, '../node_modules/.bin/biome')
  execFileSync(biome, ['check', '--vcs-enabled=false', '--config-path=..', 'matrix-lint'], { cwd: HOME, stdio: 'pipe' })
})

describe.each(projects)('the project $name, in its runtime', (project) => {
  const { runtime } = project.answers
  let dir: string
  let env: NodeJS.ProcessEnv
  beforeAll(() => {
    env = environmentFor(runtime)
    dir = writeProject(`matrix-${runtime}`, project)
  })

  it('passes its own tsc --strict and its own tests', async () => {
    expect(await runScript(dir, 'typecheck', env)).toMatchObject({ code: 0, output: '' })
    const { code, output } = await runScript(dir, 'test', env)
    expect(code, output).toBe(0)
    expect(output).toMatch(runtime === 'bun' ? /\d+ pass\s+0 fail/ : /Tests {2}\d+ passed/)
    record({ cell: project.name, check: 'tree', on: versionOf(runtime) })
  })
})
