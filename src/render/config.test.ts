import { describe, expect, it } from 'vitest'
import { setLiterals } from './config.ts'

const text = `export const config = {
  /** The granularity: hour. */
  granularity: 'day',
  maxEntriesPerFile: 100_000,
} as const
`

describe('setLiterals', () => {
  it('changes the values it is given and nothing else', () => {
    expect(setLiterals(text, { granularity: 'hour', maxEntriesPerFile: 2_500_000 })).toBe(
      text.replace("'day'", "'hour'").replace('100_000', '2_500_000'),
    )
  })

  it('writes any text as a literal', () => {
    expect(setLiterals(text, { granularity: `it's $& \\` })).toContain(`granularity: 'it\\'s $& \\\\',`)
  })

  it('refuses a key that is not there exactly once', () => {
    expect(() => setLiterals(text, { granular: 'hour' })).toThrow('"granular" is there 0 times')
    expect(() => setLiterals(text + text, { granularity: 'hour' })).toThrow('2 times')
  })
})
