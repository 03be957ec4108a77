import { describe, expect, it } from 'vitest'
import { allCells, coveringCells } from '../support/cells.ts'
import { projectOf, runScript, writeProject } from '../support/project.ts'

// Every tree that can be emitted is checked in trees.full.test.ts, in its own runtime.
const cells = allCells().filter(({ runtime }) => runtime === 'node' || runtime === 'cloudflare')
const projects = coveringCells(cells).map(projectOf)
/** Whose tests run here: one project for each engine, both runtimes among them. */
const tested = new Map(projects.toReversed().map((project) => [project.answers.parquet, project.name]))

describe.each(projects)('the project $name, as it is emitted', (project) => {
  const dir = writeProject('matrix', project)

  it('passes its own tsc --strict', async () => {
    expect(await runScript(dir, 'typecheck')).toMatchObject({ code: 0, output: '' })
  })

  if (tested.get(project.answers.parquet) !== project.name) return
  it('passes its own tests', async () => {
    const { code, output } = await runScript(dir, 'test')
    expect(code, output).toBe(0)
    expect(output).toMatch(/Tests {2}\d+ passed/)
  })
})
