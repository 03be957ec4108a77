import { RUNTIMES } from './runtimes.ts'

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
