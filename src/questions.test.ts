import { describe, expect, it } from 'vitest'
import { answersOf, openQuestions, withDefaults } from './answers.ts'
import { type Constraint, possibleChoices, refuseImpossible } from './constraints.ts'
import { QUESTIONS, type Question } from './questions.ts'

const situation = { pm: 'pnpm', insideRepository: true } as const

describe('the table of questions', () => {
  it('has a legal default for every question', () => {
    expect(withDefaults({}, situation)).toEqual({
      runtime: 'cloudflare',
      storage: 'r2',
      granularity: 'day',
      parquet: 'columnar',
      maxEntries: 20_000,
      format: 'cloudflare',
      trigger: 'cron',
      dashboard: true,
      pm: 'pnpm',
      install: true,
      git: false,
    })
  })

  it('keeps what was given', () => {
    expect(withDefaults({ install: false, maxEntries: 7 }, situation)).toMatchObject({ install: false, maxEntries: 7 })
  })

  it('asks no question that has one answer', () => {
    expect(openQuestions({ runtime: 'cloudflare' }).map(({ id }) => id)).not.toContain('storage')
    expect(openQuestions({ runtime: 'bun' }).map(({ id }) => id)).not.toContain('runtime')
  })

  it('records what decides the files, and not what was done once', () => {
    expect(Object.keys(answersOf(withDefaults({}, situation)))).not.toContain('install')
  })
})

describe('constraints', () => {
  const constraints: Constraint[] = [{ never: { runtime: 'bun', granularity: 'hour' }, because: 'it is a test.' }]
  const granularity = QUESTIONS.find(({ id }) => id === 'granularity') as Question & { kind: 'choice' }

  it('keep a prompt from offering an impossible pair', () => {
    const offered = (runtime: 'node' | 'bun') =>
      possibleChoices(granularity, { runtime }, constraints).map(({ value }) => value)
    expect(offered('bun')).toEqual(['day', 'month'])
    expect(offered('node')).toEqual(['hour', 'day', 'month'])
  })

  it('refuse an impossible pair with the reason', () => {
    expect(() => refuseImpossible({ runtime: 'bun', granularity: 'hour' }, constraints)).toThrow(
      '--runtime bun and --granularity hour do not go together: it is a test.',
    )
    refuseImpossible({ runtime: 'bun', granularity: 'day' }, constraints)
  })
})
