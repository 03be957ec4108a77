import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutants, subjectOf } from './mutants.ts'
import { storyThatCatches } from './mutations.ts'

describe('a story breaks once this rule is taken out:', () => {
  it.each(mutants)('$rule', async (mutant) => {
    expect(await storyThatCatches(await subjectOf(mutant))).not.toBeNull()
  })
})

it('the table of rules is whole', () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  expect(mutants.map(({ rule }) => rule).filter((rule) => !readme.includes(`| ${rule} `))).toEqual([])
})
