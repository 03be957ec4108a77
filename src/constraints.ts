import { usageError } from './errors.ts'
import { type Answers, QUESTIONS, type Question, type Settings } from './questions.ts'

/** Answers that cannot go together. */
export interface Constraint {
  never: Partial<Answers>
  because: string
}
const NO_DISK = 'a Worker has no disk; its lake is in R2.'
const NO_NEED =
  'a Worker reaches R2 by its binding; other stores would be slower and cost more, and are not tested there.'
const NO_NOTIFICATIONS = "the queue is fed by R2's notifications, and its consumer is a Worker."
export const CONSTRAINTS: readonly Constraint[] = [
  { never: { runtime: 'cloudflare', storage: 'local' }, because: NO_DISK },
  { never: { runtime: 'cloudflare', storage: 's3' }, because: NO_NEED },
  { never: { runtime: 'node', trigger: 'queue' }, because: NO_NOTIFICATIONS },
  { never: { runtime: 'bun', trigger: 'queue' }, because: NO_NOTIFICATIONS },
  { never: { runtime: 'deno', trigger: 'queue' }, because: NO_NOTIFICATIONS },
  {
    never: { runtime: 'cloudflare', parquet: 'ndjson' },
    because: 'NDJSON is never compacted, and every file of it would be a paid and slow read from R2.',
  },
  { never: { parquet: 'ndjson', dashboard: true }, because: 'the page reads parts of Parquet files.' },
]

/** The constraint that these answers break. */
export function broken(given: Partial<Settings>, constraints = CONSTRAINTS): Constraint | undefined {
  return constraints.find(({ never }) =>
    Object.entries(never).every(([id, value]) => given[id as keyof Answers] === value),
  )
}

/** The choices that go with the answers so far: what a prompt offers. */
export function possibleChoices(
  question: Question & { kind: 'choice' },
  given: Partial<Settings>,
  constraints = CONSTRAINTS,
) {
  return question.choices.filter(({ value }) => !broken({ ...given, [question.id]: value }, constraints))
}

/** Throws a usage error that says why, when answers exclude each other. */
export function refuseImpossible(given: Partial<Settings>, constraints = CONSTRAINTS): void {
  const constraint = broken(given, constraints)
  if (!constraint) return
  const pair = Object.entries(constraint.never).map(([id, value]) => spellFlag(flagOf(id), value))
  throw usageError(`${pair.join(' and ')} do not go together: ${constraint.because}`)
}

/** An answer as a flag: `--runtime node`, `--no-dashboard`. */
export const spellFlag = (flag: string, value: Settings[keyof Settings]): string =>
  typeof value === 'boolean' ? `--${value ? '' : 'no-'}${flag}` : `--${flag} ${value}`

const flagOf = (id: string) => QUESTIONS.find((question) => question.id === id)?.flag ?? id
