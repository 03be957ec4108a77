import { expect, it } from 'vitest'
import { workSideBySide } from './side-by-side.ts'

it('keeps every row once, at every moment, while two processes ingest, compact and a third one reads', async () => {
  const jobs = 'ingest,compact'
  const workers = [[jobs], [jobs, { maxEntriesPerFile: 7 }]] as const
  const { reads, ranges } = await workSideBySide('side-by-side', { milliseconds: 2500, seed: 1, workers })
  expect(reads).toBeGreaterThan(2)
  expect(ranges).toBeGreaterThan(4)
}, 60_000)
