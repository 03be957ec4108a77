import { afterAll, beforeAll, expect, it } from 'vitest'
import { startS3 } from '../storage/s3-server.ts'
import { allCells } from '../support/cells.ts'
import { projectOf } from '../support/project.ts'
import { versionOf } from '../support/runtimes.ts'
import { endToEnd } from './end-to-end.ts'
import { record } from './results.ts'

let s3: Awaited<ReturnType<typeof startS3>>
beforeAll(async () => {
  s3 = await startS3({ buckets: 1 })
})
afterAll(() => s3.stop())

it('a project on Node with its lake in a bucket reads back exactly the rows of its requests', async () => {
  const wanted = { runtime: 'node', storage: 's3', granularity: 'day', parquet: 'duckdb-wasm', format: 'standard' }
  const cell = allCells().find((cell) => Object.entries(wanted).every(([id, value]) => cell[id as 'runtime'] === value))
  if (!cell) throw new Error('there is no such cell')
  const project = projectOf(cell)
  const { expected, rows } = await endToEnd(project, s3.freshBucket())
  expect(rows).toEqual(expected)
  record({ cell: project.name, check: 'rows', on: versionOf('node') })
}, 120_000)
