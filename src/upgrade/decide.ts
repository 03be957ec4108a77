import { messageOf } from '../errors.ts'
import type { Owner } from '../render/table.ts'
import { inFormatOf } from './formatting.ts'
import { mergeJson } from './merge-json.ts'
import { mergeLines } from './merge-lines.ts'
import { mergePackage } from './merge-package.ts'
import { lineOfConflict, mergeText, type Settle } from './merge-text.ts'
import { canonical, inStyleOf, isSame } from './text.ts'
import type { ConflictHabit, Place } from './types.ts'

/** Why a text is no valid file of its kind, such as `line 3: …`; undefined where it is, or where nobody can tell. */
export type SyntaxCheck = (path: string, text: string) => string | undefined

export type Decision =
  /** The user's bytes stay. */
  | { take: 'ours'; notes?: string[] }
  /** The template's text, in the line endings of the user's. */
  | { take: 'theirs'; text: string }
  | { take: 'merged'; text: string; notes: string[]; settled: number }
  | { take: 'conflict'; why: string; places: Place[]; merged?: string; hasMarkers?: boolean }
  | { take: 'blocked'; why: string }

export interface Sides {
  path: string
  owner: Owner
  /** The user's text. */
  ours: string
  /** What was emitted; undefined where nothing was. */
  base: string | undefined
  theirs: string
}

/** Which text a file gets: rules 1, 2 and 9 of the upgrade. Pure. */
export function decide(sides: Sides, habit: ConflictHabit, syntaxProblem: SyntaxCheck): Decision {
  const { ours, base, theirs, owner } = sides
  if (isSame(ours, theirs) || (base !== undefined && isSame(base, theirs))) return { take: 'ours' }
  if (base !== undefined && isSame(ours, base)) return { take: 'theirs', text: inStyleOf(ours, theirs) }
  const settle = habit === 'ours' || habit === 'theirs' ? habit : undefined
  const decision = owner === 'merged' ? mergeByKey(sides, settle) : mergeByLine(sides, settle, syntaxProblem)
  return decision.take === 'merged' && decision.text === ours ? { take: 'ours', notes: decision.notes } : decision
}

function mergeByKey({ path, ours, base, theirs }: Sides, settle: 'ours' | 'theirs' | undefined): Decision {
  if (/(^|\/)\.git(ignore|attributes)$/.test(path))
    return { take: 'merged', text: mergeLines(ours, base ?? '', theirs), notes: [], settled: 0 }
  try {
    const isPackage = /(^|\/)package\.json$/.test(path)
    const { text, conflicts, notes } = isPackage
      ? mergePackage(ours, base, theirs, settle)
      : mergeJson(ours, base, theirs, settle && { settle })
    if (conflicts.length === 0 || settle) return { take: 'merged', text, notes, settled: conflicts.length }
    const keys = conflicts.map(({ key }) => key)
    return {
      take: 'conflict',
      why: `both changed ${keys.join(', ')}`,
      places: keys.map((key) => ({ key })),
      merged: text,
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return wholeFile(settle, ours, theirs, `yours is not valid JSON (${messageOf(error)})`)
  }
}

function mergeByLine(sides: Sides, settle: 'ours' | 'theirs' | undefined, syntaxProblem: SyntaxCheck): Decision {
  const { path, ours, base, theirs } = sides
  if (base === undefined) return wholeFile(settle, ours, theirs, 'the template has a new file where you have one')
  const left = lineOfConflict(ours)
  if (left !== undefined && lineOfConflict(base) === undefined)
    return { take: 'blocked', why: `conflict markers of an earlier merge are left in line ${left}` }

  const merge = mergeFormatted(path, ours, base, theirs, (settle ?? 'markers') satisfies Settle)
  if (!merge) return wholeFile(settle, ours, theirs, 'it is too large to be merged line by line')
  const { text, conflicts } = merge
  if (conflicts.length > 0 && !settle) {
    const places = conflicts.map(({ line }) => ({ line }))
    const lines = places.map(({ line }) => line).join(', ')
    const why = `both changed the same lines (${lines.length > 60 ? `${places.length} places` : `line ${lines}`})`
    return { take: 'conflict', why, places, merged: text, hasMarkers: true }
  }
  const problem = syntaxProblem(path, text)
  if (problem === undefined) return { take: 'merged', text, notes: [], settled: conflicts.length }
  return {
    take: 'conflict',
    why: `merged without a clash, but not valid any more (${problem})`,
    places: [],
    merged: text,
  }
}

/** Merges by line; where that clashes, once more as if both had been written in the user's formatting, header and all. */
function mergeFormatted(path: string, ours: string, base: string, theirs: string, settle: Settle) {
  const merge = mergeText(ours, base, theirs, settle)
  if (!merge?.conflicts.length) return merge
  const [o, b] = withoutFirstLine(ours, base, theirs)
  const formatted = inFormatOf(path, ours, o, b) ?? { base: o, theirs: b }
  const again = mergeText(ours, formatted.base, formatted.theirs, settle)
  return again && again.conflicts.length <= merge.conflicts.length ? again : merge
}

/** Who took the line about this tool from the top of a file has not touched the one below it, which may change. */
function withoutFirstLine(ours: string, base: string, theirs: string): [string, string] {
  const first = base.slice(0, base.indexOf('\n') + 1)
  const isOnlyTheirs = first.startsWith('//') && theirs.startsWith(first) && !canonical(ours).includes(first)
  return isOnlyTheirs ? [base.slice(first.length), theirs.slice(first.length)] : [base, theirs]
}

/** Where nothing can be merged, the whole file is the place that both changed. */
function wholeFile(settle: 'ours' | 'theirs' | undefined, ours: string, theirs: string, why: string): Decision {
  if (settle === 'ours') return { take: 'ours', notes: [`${why}: yours stays`] }
  if (settle === 'theirs') return { take: 'merged', text: inStyleOf(ours, theirs), notes: [], settled: 1 }
  return { take: 'conflict', why, places: [] }
}
