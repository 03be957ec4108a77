import { usageError } from './errors.ts'
import { nearest } from './suggest.ts'

/** What a runtime changes in the emitted project; its row in the table below is all that a new one needs here. */
export const RUNTIMES = {
  cloudflare: {
    label: 'Cloudflare Workers',
    hint: 'R2 and Logpush, on the Paid plan',
    // Its commands run on the developer's machine; the Worker itself is wrangler's.
    start: 'node --import tsx',
    test: 'vitest run',
    engines: { node: '>=20.12' },
    dependencies: [],
    devDependencies: ['@cloudflare/workers-types', 'tsx', 'wrangler'],
  },
  node: {
    label: 'Node.js',
    hint: '20 and later',
    /** Starts a TypeScript file. */
    start: 'node --import tsx',
    test: 'vitest run',
    engines: { node: '>=20.12' },
    dependencies: ['@hono/node-server'],
    devDependencies: ['tsx'],
  },
  bun: {
    label: 'Bun',
    hint: '1.3 and later',
    start: 'bun',
    test: 'bun test',
    engines: { bun: '>=1.3' },
    dependencies: [],
    devDependencies: [],
  },
  deno: {
    label: 'Deno',
    hint: '2.9 and later',
    start: 'deno run -A',
    test: 'deno run -A npm:vitest run',
    engines: { deno: '>=2.9' },
    dependencies: ['@hono/node-server'],
    devDependencies: [],
  },
} as const

export const PACKAGE_MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const

/** What decides the emitted files. Recorded in the manifest; never a secret. */
export interface Answers {
  runtime: keyof typeof RUNTIMES
  storage: 'r2' | 's3' | 'local'
  granularity: 'hour' | 'day' | 'month'
  parquet: 'columnar' | 'duckdb-wasm' | 'ndjson'
  maxEntries: number
  format: 'cloudflare' | 'standard'
  trigger: 'cron' | 'queue'
  dashboard: boolean
  pm: (typeof PACKAGE_MANAGERS)[number]
}

/** The answers, and what to do once the files are there. */
export interface Settings extends Answers {
  install: boolean
  git: boolean
}

/** What defaults depend on. */
export interface Situation {
  /** Who called us, else the lock file, else npm. */
  pm: Answers['pm']
  insideRepository: boolean
}

interface Row {
  id: keyof Settings
  flag: string
  /** The prompt. */
  ask: string
  /** The line in --help. */
  help: string
  /**
   * The answer of a project that is older than this question, where the default would change it: an upgrade adds nothing
   * that nobody chose.
   */
  whenAbsent?: string | number | boolean
}
export type Question = Row &
  (
    | {
        kind: 'choice'
        choices: readonly { value: string; label?: string; hint?: string }[]
        initial: (given: Partial<Settings>, situation: Situation) => string
      }
    | { kind: 'number'; min: number; max: number; initial: (given: Partial<Settings>) => number }
    | { kind: 'toggle'; initial: (given: Partial<Settings>, situation: Situation) => boolean }
  )

/** Drives prompts, flags, help, validation and the manifest. A later question may depend on the answers before it. */
export const QUESTIONS: readonly Question[] = [
  {
    id: 'runtime',
    flag: 'runtime',
    kind: 'choice',
    ask: 'Where will it run?',
    help: 'What the processor and the compactor run on.',
    choices: Object.entries(RUNTIMES).map(([value, { label, hint }]) => ({ value, label, hint })),
    initial: () => 'cloudflare',
  },
  {
    id: 'storage',
    flag: 'storage',
    kind: 'choice',
    ask: 'Where should the Parquet files live?',
    help: 'Where raw logs and Parquet files live.',
    choices: [
      { value: 'r2', label: 'Cloudflare R2' },
      { value: 's3', label: 'S3', hint: 'AWS, or a store like it that keeps conditions on writes' },
      { value: 'local', label: 'Local files' },
    ],
    initial: ({ runtime }) => (runtime === 'cloudflare' ? 'r2' : 'local'),
  },
  {
    id: 'granularity',
    flag: 'granularity',
    kind: 'choice',
    ask: 'How much time should one compacted file cover?',
    help: 'What one compacted file covers; fixed for the life of a lake.',
    choices: [
      { value: 'hour', hint: 'many requests a second' },
      { value: 'day', hint: 'right for most' },
      { value: 'month', hint: 'little traffic, long history' },
    ],
    initial: () => 'day',
  },
  {
    id: 'parquet',
    flag: 'parquet',
    kind: 'choice',
    ask: 'What should write the files?',
    help: 'What writes the files: our own code or DuckDB as Parquet, or plain NDJSON.',
    choices: [
      { value: 'columnar', label: 'Plain TypeScript (Parquet)', hint: 'fastest, least memory' },
      { value: 'duckdb-wasm', label: 'DuckDB (Parquet)', hint: 'ZSTD, typed, sorted' },
      { value: 'ndjson', label: 'NDJSON passthrough', hint: 'no engine to install, no compaction' },
    ],
    initial: () => 'columnar',
  },
  {
    id: 'maxEntries',
    flag: 'max-entries',
    kind: 'number',
    ask: 'How many rows may wait in memory before they are written?',
    help: 'Rows held in memory before they are written out.',
    min: 1,
    max: 10_000_000,
    initial: ({ runtime }) => (runtime === 'cloudflare' ? 20_000 : 100_000),
  },
  {
    id: 'format',
    flag: 'format',
    kind: 'choice',
    ask: 'How do the raw logs look?',
    help: 'How a raw log line wraps an entry.',
    choices: [
      { value: 'cloudflare', label: 'Workers Trace Events', hint: 'what Logpush writes' },
      { value: 'standard', label: 'One JSON entry a line' },
    ],
    initial: ({ runtime }) => (runtime === 'cloudflare' ? 'cloudflare' : 'standard'),
  },
  {
    id: 'trigger',
    flag: 'trigger',
    kind: 'choice',
    ask: 'What should start an ingest?',
    help: 'What starts an ingest: the clock, or a message for each new log (for more than one worker can do).',
    choices: [
      { value: 'cron', label: 'Cron', hint: 'right for most' },
      { value: 'queue', label: 'Queue', hint: 'many workers at once on one lake' },
    ],
    initial: () => 'cron',
  },
  {
    id: 'dashboard',
    flag: 'dashboard',
    kind: 'toggle',
    ask: 'Add a dashboard, a page that reads the lake in the browser?',
    help: 'A page that reads the lake in the browser; default: yes, where there is Parquet.',
    initial: ({ parquet }) => parquet !== 'ndjson',
    whenAbsent: false,
  },
  {
    id: 'pm',
    flag: 'pm',
    kind: 'choice',
    ask: 'Which package manager?',
    help: 'Package manager; by default the one that called, else the lock file around, else npm.',
    choices: PACKAGE_MANAGERS.map((value) => ({ value })),
    initial: (_, { pm }) => pm,
  },
  {
    id: 'install',
    flag: 'install',
    kind: 'toggle',
    ask: 'Install the dependencies now?',
    help: 'Install the dependencies; default: yes.',
    initial: () => true,
  },
  {
    id: 'git',
    flag: 'git',
    kind: 'toggle',
    ask: 'Start a git repository?',
    help: 'Run git init; default: yes, unless inside a repository.',
    initial: (_, { insideRepository }) => !insideRepository,
  },
]

/** Questions whose answers decide the files: all but what is done afterwards. */
export const ANSWER_QUESTIONS = QUESTIONS.filter(({ id }) => id !== 'install' && id !== 'git')

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

function broken(given: Partial<Settings>, constraints: readonly Constraint[]): Constraint | undefined {
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

/** What is wrong with a number typed into a flag or a prompt; undefined when nothing is. */
export function numberProblem(question: Question & { kind: 'number' }, text: string): string | undefined {
  const value = Number(text.replace(/_/g, ''))
  if (/^\d[\d_]*$/.test(text) && value >= question.min && value <= question.max) return undefined
  return `${question.flag} is a whole number from ${question.min} to ${question.max}`
}

/** The value of a flag, checked against the table. */
export function parseValue(question: Question, text: string): string | number | boolean {
  if (question.kind === 'number') {
    const problem = numberProblem(question, text)
    if (problem) throw usageError(`--${question.flag} ${JSON.stringify(text)}: ${problem}.`)
    return Number(text.replace(/_/g, ''))
  }
  if (question.kind === 'toggle') throw new TypeError(`--${question.flag} takes no value`)
  const values = question.choices.map((choice) => choice.value)
  if (values.includes(text)) return text
  const guess = nearest(text, values)
  throw usageError(
    `--${question.flag} ${JSON.stringify(text)} does not exist in this release.${guess ? ` Did you mean ${guess}?` : ''}`,
    `Values of --${question.flag}: ${values.join(', ')}.`,
    { flag: question.flag, values },
  )
}

/** The default, or the first choice that goes with the answers so far. */
export function initialValue(question: Question, given: Partial<Settings>, situation: Situation) {
  if (question.kind !== 'choice') return question.initial(given, situation)
  const possible = possibleChoices(question, given).map((choice) => choice.value)
  const wanted = question.initial(given, situation)
  return possible.includes(wanted) ? wanted : (possible[0] ?? wanted)
}

/** What a prompt would ask: not yet answered, and more than one answer is possible. */
export function openQuestions(given: Partial<Settings>): Question[] {
  return QUESTIONS.filter((question) => {
    if (given[question.id] !== undefined) return false
    if (question.kind === 'choice') return possibleChoices(question, given).length > 1
    return question.kind !== 'toggle' || !broken({ ...given, [question.id]: true }, CONSTRAINTS)
  })
}

export function withDefaults(given: Partial<Settings>, situation: Situation): Settings {
  const settings: Record<string, unknown> = { ...given }
  for (const question of QUESTIONS) settings[question.id] ??= initialValue(question, settings, situation)
  refuseImpossible(settings)
  return settings as unknown as Settings
}

export function answersOf(settings: Settings): Answers {
  return Object.fromEntries(ANSWER_QUESTIONS.map(({ id }) => [id, settings[id]])) as unknown as Answers
}
