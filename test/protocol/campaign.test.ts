import { describe, expect, it } from 'vitest'
import { describeSummary, replay, runCampaign, runHistory } from './campaign.ts'
import { ORDINARY } from './mutations.ts'

describe('the commit protocol', () => {
  it('loses nothing and doubles nothing, whatever fails, dies, comes late or runs at once', {
    timeout: 300_000,
  }, async () => {
    const sum = await runCampaign(ORDINARY)
    console.log(describeSummary(sum))
    expect(sum.failed.map((history) => replay(history))).toEqual([])
  })

  it('goes the same way from the same seed, so that a failure can be replayed', async () => {
    for (let seed = 1; seed <= 20; seed++) expect(await runHistory(seed)).toEqual(await runHistory(seed))
  })
})
