import { beforeAll, describe, expect, it } from 'vitest'
import { type Outcome, releases, runPairs, samplePairs, users } from './pairs.ts'

/** A pair as a failing test should show it. */
const shown = ({ customization, change, why, lost }: Outcome) => `${customization} × ${change}: ${[...why, ...lost][0]}`

describe('the corpus', () => {
  it('holds at least 40 customizations and 10 template changes, each of a name of its own', () => {
    const titles = [...users, ...releases].map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
    expect(users.length).toBeGreaterThanOrEqual(40)
    expect(releases.length).toBeGreaterThanOrEqual(10)
  })
})

describe('a customized project', () => {
  let outcomes: Outcome[]
  beforeAll(async () => {
    outcomes = await runPairs(samplePairs(1))
  }, 300_000)

  it('passes its tests after an upgrade, or is told what clashes or no longer fits', () => {
    expect(outcomes.filter(({ kind }) => kind === 'broken').map(shown)).toEqual([])
  })

  it('keeps every edit of its owner', () => {
    expect(outcomes.filter(({ lost }) => lost.length > 0).map(shown)).toEqual([])
  })
})
