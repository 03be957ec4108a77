import { expect, it } from 'vitest'
import { readBesideWriter } from './stress.ts'

it('reads exactly the whole sources while a writer ingests, compacts and deletes without rest', async () => {
  const { reads, sources } = await readBesideWriter('stress-writer.ts', 3000)
  expect(reads).toBeGreaterThan(3)
  expect(sources).toBeGreaterThan(3)
})
