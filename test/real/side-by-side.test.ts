import { expect, it } from 'vitest'
import { workSideBySide } from './side-by-side.ts'

it('keeps every row once, at every moment, while two processes ingest, compact and a third one reads', async () => {
  const jobs = 'ingest,compact'
  const workers = [[jobs], [jobs, { maxEntriesPerFile: 7 }]] as const
  const { ranges } = await workSideBySide('side-by-side', { milliseconds: 2500, atLeastReads: 4, seed: 1, workers })
  expect(ranges).toBeGreaterThan(4)
}, 120_000)
