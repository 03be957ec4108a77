import { type EmittedFile, render } from '../../src/render/index.ts'
import { readTemplates } from '../../src/templates.ts'
import { answersFor } from '../../src/upgrade/answers.ts'
import { CHANGES } from './changes/index.ts'
import { check } from './check.ts'
import { CUSTOMIZATIONS, type Customization } from './customizations/index.ts'
import { GitMerges } from './git.ts'
import { lostEdits } from './lost.ts'
import { asEmitted, readReleased } from './released.ts'
import { Editor, type Tree } from './tree.ts'
import { upgrade } from './upgrade.ts'

/**
 * `clean`: merged, and the project's tests and its compiler are content. `conflict`: reported, with the user's file left
 * as it is. `dangling`: merged, and `upgrade` names what is no longer found. `types`: merged, and the compiler that
 * `upgrade --test` runs names what no longer fits. Anything else is `broken`.
 */
export type Kind = 'clean' | 'conflict' | 'dangling' | 'types' | 'broken'

export interface Outcome {
  customization: string
  change: string
  kind: Kind
  why: string[]
  /** Edits of the user, or of the template where it was merged clean, that are not in the result. */
  lost: string[]
  git: { kind: Kind; why: string[]; lost: string[] } | null
}

const TODAY = 'The real one: from 0.1.0 to the templates of today'

export const released = readReleased()

interface Side {
  title: string
  tree: Tree
}

interface User extends Side {
  customization: Customization
}

interface Release extends Side {
  files: EmittedFile[]
}

export const users: readonly User[] = CUSTOMIZATIONS.map((customization) => {
  const { title } = customization
  const { files: tree } = edited(title, customization.edit)
  return { title, customization, tree }
})

export const releases: readonly Release[] = [
  ...CHANGES.map(({ title, edit }) => {
    const { files: tree, origins } = edited(title, edit)
    return { title, tree, files: asEmitted(released, tree, origins) }
  }),
  today(),
]

function edited(title: string, edit: (editor: Editor) => unknown): Editor {
  const editor = new Editor(released.tree)
  try {
    edit(editor)
  } catch (cause) {
    throw new Error(`"${title}" does not apply to what ${released.version} emitted: ${(cause as Error).message}`, {
      cause,
    })
  }
  return editor
}

function today(): Release {
  const files = render(released.manifest.name, answersFor(released.manifest), readTemplates())
  const tree = new Map(files.map(({ path, text }) => [path, text]))
  return { title: TODAY, tree, files }
}

export type Pair = readonly [user: User, release: Release]

export const allPairs: readonly Pair[] = users.flatMap((user) => releases.map((release) => [user, release] as const))

/** Each customization with as many changes, so that every change is met about as often. */
export function samplePairs(each: number): Pair[] {
  return users.flatMap((user, index) =>
    Array.from({ length: each }, (_, n) => {
      const at = (index * 5 + n * 7) % releases.length
      return [user, releases[at] as Release] as const
    }),
  )
}

/** Upgrades every pair, merges it by git too where asked, and checks all that came out. */
export async function runPairs(pairs: readonly Pair[], { withGit = false } = {}): Promise<Outcome[]> {
  const upgraded = pairs.map(([user, release]) =>
    upgrade(released, user.tree, release.files, user.customization.ejected),
  )
  const merged = withGit ? mergeByGit(pairs) : pairs.map(() => null)
  const isWhole = upgraded.map(({ conflicts, dangling }) => conflicts.length + dangling.length === 0)
  const trees = [
    ...upgraded.filter((_, index) => isWhole[index]).map(({ tree }) => tree),
    ...merged.flatMap((result) => (result?.kind === 'clean' ? [result.tree] : [])),
  ]
  const verdicts = (await check(trees))[Symbol.iterator]()
  const nextVerdict = () => verdicts.next().value as { types: string[]; tests: string[] }
  const outcomes = pairs.map(([user, release], index): Outcome => {
    const { tree, conflicts, dangling } = upgraded[index] as (typeof upgraded)[0]
    const lost = lostEdits(released.tree, user.tree, release.tree, tree)
    const common = { customization: user.title, change: release.title, lost, git: null }
    if (conflicts.length) return { ...common, kind: 'conflict', why: conflicts }
    if (dangling.length) return { ...common, kind: 'dangling', why: dangling }
    const { types, tests } = nextVerdict()
    if (types.length) return { ...common, kind: 'types', why: types }
    return { ...common, kind: tests.length ? 'broken' : 'clean', why: tests }
  })
  for (const [index, result] of merged.entries()) {
    const outcome = outcomes[index] as Outcome
    const [user, release] = pairs[index] as Pair
    if (result?.kind === 'conflict') outcome.git = { kind: 'conflict', why: [], lost: [] }
    if (result?.kind !== 'clean') continue
    const { types, tests } = nextVerdict()
    const why = [...types, ...tests]
    const lost = lostEdits(released.tree, user.tree, release.tree, result.tree)
    outcome.git = { kind: why.length ? 'broken' : 'clean', why, lost }
  }
  return outcomes
}

function mergeByGit(pairs: readonly Pair[]) {
  const nameOf = new Map<Side, string>()
  for (const side of pairs.flat()) if (!nameOf.has(side)) nameOf.set(side, `side-${nameOf.size}`)
  const git = new GitMerges(released.tree, new Map([...nameOf].map(([{ tree }, name]) => [name, tree])))
  try {
    return pairs.map(([user, release]) => git.merge(nameOf.get(user) as string, nameOf.get(release) as string))
  } finally {
    git.close()
  }
}
