import { describe, expect, it } from 'vitest'
import { describeSummary, replay, runCampaign } from './campaign.ts'
import { ORDINARY } from './mutations.ts'

describe('the commit protocol', () => {
  it('loses nothing and doubles nothing, whatever fails, dies, comes late or runs at once', {
    timeout: 120_000,
  }, async () => {
    const sum = await runCampaign(ORDINARY)
    console.log(describeSummary(sum))
    expect(sum.failed.map((history) => replay(history))).toEqual([])
  })
})
