import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startS3 } from '../storage/s3-server.ts'
import { allCells, coveringCells } from '../support/cells.ts'
import { projectOf, runScript, writeProject } from '../support/project.ts'
import { environmentFor, versionOf } from '../support/runtimes.ts'
import { endToEnd } from './end-to-end.ts'
import { record } from './results.ts'

// Those for Cloudflare run in workerd, in tests of their own.
const projects = coveringCells(allCells().filter(({ runtime }) => runtime !== 'cloudflare')).map(projectOf)

let s3: Awaited<ReturnType<typeof startS3>>
beforeAll(async () => {
  s3 = await startS3({ buckets: projects.length })
})
afterAll(() => s3.stop())

describe.each(projects)('the project $name, end to end', (project) => {
  const { runtime, storage } = project.answers

  it('reads back exactly the rows of the requests that went through its policy', async () => {
    const { expected, rows } = await endToEnd(project, storage === 'local' ? null : s3.freshBucket())
    expect(rows).toEqual(expected)
    record({ cell: project.name, check: 'rows', on: versionOf(runtime) })
  })

  it('runs its own demo, with no bucket and no credentials', async () => {
    const dir = writeProject('demo', project)
    const { code, output } = await runScript(dir, 'demo', environmentFor(runtime))
    expect(code, output).toBe(0)
  })
})
