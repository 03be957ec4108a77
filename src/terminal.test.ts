import { describe, expect, it } from 'vitest'
import { colours, isCi } from './terminal.ts'

describe('isCi', () => {
  it('takes any value for yes, but none, false and 0', () => {
    for (const value of ['1', 'true', 'woodpecker']) expect(isCi(value), value).toBe(true)
    for (const value of [undefined, '', '0', 'false', 'FALSE']) expect(isCi(value), value).toBe(false)
  })
})

describe('colours', () => {
  it('are for terminals only, and for those who want them', () => {
    const painted = (isTTY: boolean, env: NodeJS.ProcessEnv) => colours({ isTTY }, env).red('x') !== 'x'
    expect(painted(true, {})).toBe(true)
    expect(painted(false, {})).toBe(false)
    expect(painted(true, { NO_COLOR: '1' })).toBe(false)
    expect(painted(true, { TERM: 'dumb' })).toBe(false)
  })
})
