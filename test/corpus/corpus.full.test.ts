import { beforeAll, describe, expect, it } from 'vitest'
import { check } from './check.ts'
import { allPairs, type Outcome, releases, runPairs, users } from './pairs.ts'

const shown = ({ customization, change, why, lost }: Outcome) => `${customization} × ${change}: ${[...why, ...lost][0]}`

describe('the corpus', () => {
  it('holds no customization and no release whose own tests or types fail: they would prove nothing', async () => {
    const sides = [...users, ...releases]
    const verdicts = await check(sides.map(({ tree }) => tree))
    const wrong = verdicts.flatMap(({ types, tests }, index) =>
      types.length + tests.length ? [`${sides[index]?.title}: ${[...types, ...tests][0]}`] : [],
    )
    expect(wrong).toEqual([])
  })
})

describe('every customized project, upgraded to every release', () => {
  let outcomes: Outcome[]
  beforeAll(async () => {
    outcomes = await runPairs(allPairs)
  })

  it('passes its tests, or is told what clashes or no longer fits', () => {
    expect(outcomes.filter(({ kind }) => kind === 'broken').map(shown)).toEqual([])
  })

  it('keeps every edit of its owner', () => {
    expect(outcomes.filter(({ lost }) => lost.length > 0).map(shown)).toEqual([])
  })

  it('merges clean more often than not', () => {
    expect(outcomes.filter(({ kind }) => kind === 'clean').length).toBeGreaterThan(outcomes.length * 0.9)
  })
})
