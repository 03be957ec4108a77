import { describe, expect, it } from 'vitest'
import { mutants, subjectOf } from './mutants.ts'
import { campaignThatCatches } from './mutations.ts'

describe('the ordinary campaign breaks once this rule is taken out:', () => {
  it.each(mutants.filter(({ onlyStories }) => !onlyStories))('$rule', async (mutant) => {
    expect(await campaignThatCatches(await subjectOf(mutant))).not.toBeNull()
  })
})
