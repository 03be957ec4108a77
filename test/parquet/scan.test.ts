import { describe, expect, it } from 'vitest'
import { compareScan, createLines } from './fuzz/lines.ts'

describe('the byte scanner', () => {
  it('takes the lines of the policy, and of mutated ones only what parseLine reads the same', () => {
    const block = createLines(Date.now())
    const plain = { lines: 0, taken: 0 }
    const mutated = { lines: 0, taken: 0 }
    while (plain.lines < 5_000) compareScan(block(0), plain)
    while (mutated.lines < 20_000) compareScan(block(0.6), mutated)
    expect(plain.taken / plain.lines).toBeGreaterThan(0.05)
    expect(mutated.taken).toBeGreaterThan(100)
  })
})
