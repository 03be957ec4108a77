import type { Answers } from '../questions.ts'

/** `managed` and `merged` follow later releases, line by line or key by key; `seed` is written once. */
export type Owner = 'managed' | 'merged' | 'seed'

export interface Row {
  /** Path below templates/. A test beside it (`x.test.ts` for `x.ts`) comes along by itself. */
  template: string
  /** Emitted path. */
  path: string
  /** What the file is called for ever, also where a later release moves it. */
  id: string
  owner: Owner
  when: Condition
}

/** The answers a row is for; one that is not named may be anything. */
export type Condition = { readonly [K in keyof Answers]?: readonly Answers[K][] }

const PARQUET: Condition = { parquet: ['duckdb-wasm'] }
const NDJSON: Condition = { parquet: ['ndjson'] }

const file = (path: string, when: Condition = {}): Row => ({ template: path, path, id: path, owner: 'managed', when })
const seed = (path: string, when: Condition = {}): Row => ({ ...file(path, when), owner: 'seed' })

/** One path, several templates: `default` lies there under its own name, each variant as `name.<variant>.ts`. */
function variants(path: string, when: { default: Condition } & Record<string, Condition>): Row[] {
  return Object.entries(when).map(([variant, condition]) => {
    const template = variant === 'default' ? path : path.replace(/(\.\w+)$/, `.${variant}$1`)
    return { ...file(path, condition), template }
  })
}

export const FILES: readonly Row[] = [
  file('analytics.config.ts'),
  seed('README.md'),
  seed('src/custom/columns.ts'),
  seed('src/custom/transform.ts'),
  file('src/types.ts'),
  file('src/schema.ts'),
  file('src/lake/layout.ts'),
  file('src/lake/state.ts'),
  file('src/lake/fragments.ts'),
  file('src/lake/lineage.ts'),
  file('src/processor/lines.ts'),
  file('src/processor/formats/standard.ts'),
  file('src/storage/local.ts'),
  file('src/storage/lock.ts'),
  file('src/storage/logs.ts'),
  file('src/storage/memory.ts'),
]

/** Under templates/, but not for a project: the tsconfig is emitted from its text by `render`. */
export const NOT_EMITTED = ['tsconfig.json']

export const holds = (when: Condition, answers: Answers): boolean =>
  Object.entries(when).every(([id, values]) => (values as readonly unknown[]).includes(answers[id as keyof Answers]))
