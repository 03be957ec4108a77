import { describe, expect, it } from 'vitest'
import { type Rule, rules, runModel } from './model.ts'

const HISTORIES = 4000

/** The first seed whose history breaks a promise. */
function firstViolation(without: readonly Rule[] = []) {
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { violation } = runModel(seed, without)
    if (violation) return { seed, violation }
  }
  return null
}

describe('the model of the protocol', () => {
  it(`keeps every promise in ${HISTORIES} random histories`, () => {
    expect(firstViolation()).toBeNull()
  })

  it.each(rules)('needs this rule: %s', (rule) => {
    expect(firstViolation([rule])).not.toBeNull()
  })
})
