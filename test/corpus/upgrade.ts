import type { EmittedFile } from '../../src/render/index.ts'
import { findDangling, newlyDangling, textsAfter } from '../../src/upgrade/dangling.ts'
import { findMoves } from '../../src/upgrade/moves.ts'
import { planFiles } from '../../src/upgrade/plan.ts'
import { syntaxProblem } from '../../src/upgrade/syntax.ts'
import type { OnDisk } from '../../src/upgrade/types.ts'
import type { Released } from './released.ts'
import type { Tree } from './tree.ts'

export interface Upgraded {
  tree: Tree
  /** What `upgrade` reports, a line each; empty where it merged everything and says nothing more. */
  conflicts: string[]
  /** What the merged project no longer finds. */
  dangling: string[]
  /** Files of the user's that the template has news for, and that stay as they are by their owner's wish. */
  kept: string[]
}

const valid = new Map<string, string | undefined>()
const parsed: Parameters<typeof findDangling>[1] = new Map()

/** The plan of an upgrade, carried out on a tree in memory. */
export function upgrade(released: Released, disk: Tree, next: readonly EmittedFile[], ejected: readonly string[] = []) {
  const entries = released.entries.map((entry) =>
    ejected.includes(entry.id) ? { ...entry, owner: 'ejected' as const } : entry,
  )
  const look = (path: string): OnDisk => {
    const text = disk.get(path)
    if (text === undefined) return { kind: 'missing' }
    return { kind: 'file', bytes: Buffer.from(text), text, isExecutable: false }
  }
  const common = { entries, bases: released.bases, next, look }
  const moved = findMoves({ ...common, candidates: () => disk })
  const plans = planFiles({
    ...common,
    moved,
    syntaxProblem: (path, text) => {
      const key = `${path}\0${text}`
      if (!valid.has(key)) valid.set(key, syntaxProblem(path, text))
      return valid.get(key)
    },
  })
  const tree = textsAfter(plans, disk)
  const news = newlyDangling(findDangling(disk, parsed), findDangling(tree, parsed))
  const conflicts = plans.flatMap((plan) =>
    plan.kind === 'conflict' || plan.kind === 'blocked' ? [`${plan.path}: ${plan.why}`] : [],
  )
  const kept = plans.flatMap((plan) => (plan.kind === 'kept' && plan.isNews ? [`${plan.path} (${plan.why})`] : []))
  const dangling = news.map(({ path, line, what }) => `${path}:${line}: ${what}`)
  return { tree, conflicts, dangling, kept } satisfies Upgraded
}
