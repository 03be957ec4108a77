import { expect, it } from 'vitest'
import { workSideBySide } from './side-by-side.ts'

const jobs = 'ingest,compact'

it.each([
  ['one ingests and one compacts', 2, [['ingest', { maxEntriesPerFile: 20 }], ['compact']], true],
  ['two do both, with other bounds', 3, [[jobs], [jobs, { maxEntriesPerFile: 7 }]], false],
  [
    'two do both in the other order, and a third one only compacts',
    4,
    [[jobs], ['compact,ingest'], ['compact']],
    false,
  ],
] as const)('shows every row once, at every moment, while %s', async (_, seed, workers, byCommand) => {
  const options = { milliseconds: 20_000, atLeastReads: 20, seed, workers, byCommand }
  const { reads, ranges } = await workSideBySide(`beside-${seed}`, options)
  console.log(`${reads} reads beside the ingest of ${ranges} ranges`)
  expect(ranges).toBeGreaterThan(15)
})
