import { describe, expect, it } from 'vitest'
import { createEvents, EVENT_READINGS } from './fuzz/events.ts'
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

  it('takes the same lines out of trace events, and of mutated ones only what traceEvents() reads the same', () => {
    const block = createEvents(Date.now())
    for (const reading of EVENT_READINGS) {
      const whole = { lines: 0, taken: 0 }
      const mutated = { lines: 0, taken: 0 }
      while (whole.lines < 5_000) compareScan(block(0), whole, reading)
      while (mutated.lines < 15_000) compareScan(block(0.5), mutated, reading)
      expect(whole.taken / whole.lines).toBeGreaterThan(0.03)
      expect(mutated.taken).toBeGreaterThan(100)
    }
  })
})
