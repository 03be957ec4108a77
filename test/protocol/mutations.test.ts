import { describe, expect, it } from 'vitest'
import { mutants, subjectOf } from './mutants.ts'
import { storyThatCatches } from './mutations.ts'

describe('a story breaks once this rule is taken out:', () => {
  it.each(mutants)('$rule', async (mutant) => {
    expect(await storyThatCatches(await subjectOf(mutant))).not.toBeNull()
  })
})
