import { expect, it } from 'vitest'
import { readBesideWriter } from './stress.ts'

it.each([
  ['a writer without rest', 'stress-writer.ts'],
  ["the project's own ingest and compact", 'stress-pipeline.ts'],
])('reads exactly the whole sources, for a minute, beside %s', async (_, script) => {
  const { reads, sources } = await readBesideWriter(script, 60_000)
  expect(reads).toBeGreaterThan(50)
  expect(sources).toBeGreaterThan(50)
})
