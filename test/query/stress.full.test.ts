import { expect, it } from 'vitest'
import { readBesideWriter } from './stress.ts'

it('reads exactly the whole sources while a writer ingests, compacts and deletes without rest', async () => {
  const { reads, sources } = await readBesideWriter(60_000)
  expect(reads).toBeGreaterThan(50)
  expect(sources).toBeGreaterThan(50)
})
