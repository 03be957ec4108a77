import { describe, expect, it } from 'vitest'
import { distinctProjects, runScript, writeProject } from '../support/project.ts'

describe.each(distinctProjects())('the project $name, as it is emitted', (project) => {
  const dir = writeProject('matrix', project)

  it('passes its own tsc --strict', async () => {
    expect(await runScript(dir, 'typecheck')).toMatchObject({ code: 0, output: '' })
  })

  // Those for Bun run their tests on Bun, in bun.full.test.ts.
  it.runIf(project.answers.runtime === 'node')('passes its own tests', async () => {
    const { code, output } = await runScript(dir, 'test')
    expect(code, output).toBe(0)
    expect(output).toMatch(/Tests {2}\d+ passed/)
  })
})
