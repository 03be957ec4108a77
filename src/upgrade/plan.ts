import { type ManifestFile, sha256 } from '../manifest.ts'
import type { EmittedFile } from '../render/index.ts'
import { decide, type SyntaxCheck } from './decide.ts'
import { inLayout, isModule, layoutsOf, type Relocate } from './layout.ts'
import { isSame } from './text.ts'
import type { Conflict, ConflictHabit, FilePlan, Kept, Look, OnDisk } from './types.ts'

export interface PlanInput {
  /** Files of the manifest. */
  entries: readonly ManifestFile[]
  bases: ReadonlyMap<string, string>
  /** What this release emits for the answers. */
  next: readonly EmittedFile[]
  look: Look
  /** Where the user moved a file, by id; and where a new file of a moved folder goes. */
  moved?: ReadonlyMap<string, string>
  habit?: ConflictHabit
  syntaxProblem?: SyntaxCheck
  /** Bring back what the user deleted. */
  restore?: boolean
}

/** The input, and how imports are brought to where things lie in the end; without, they are left as they are. */
interface Planning extends PlanInput {
  layouts?: Record<'emitted' | 'owned' | 'next', Relocate>
}

/**
 * What an upgrade does, file by file, sorted by path; what is in nobody's plan is not touched. Pure: the same input gives
 * the same plan, and a dry run is this plan, not carried out.
 */
export function planFiles(input: PlanInput): FilePlan[] {
  const entryIds = new Set(input.entries.map(({ id }) => id))
  const nextIds = new Set(input.next.map(({ id }) => id))
  // Another id at the same path is the same file to the user: their version merges as ever.
  const renamed = new Map<string, EmittedFile>()
  for (const entry of input.entries.filter(({ id }) => !nextIds.has(id))) {
    const file = input.next.find(({ id, path }) => path === entry.path && !entryIds.has(id))
    if (file) renamed.set(entry.id, file)
  }
  const successors = new Set([...renamed.values()].map(({ id }) => id))
  const byId = new Map(input.next.map((file) => [file.id, file]))
  const known = input.entries.map((entry) => [entry, byId.get(entry.id) ?? renamed.get(entry.id)] as const)
  const news = input.next.filter(({ id }) => !entryIds.has(id) && !successors.has(id))
  const layouts = layoutsOf([
    ...known.map(([entry, file]) => {
      const owned = whereIs(input, entry)
      return { emitted: entry.path, owned, next: file?.path, final: file ? pathOf(input, entry, file) : owned }
    }),
    ...news.map(({ id, path }) => ({ next: path, final: input.moved?.get(id) ?? path })),
  ])
  const planning = { ...input, layouts }
  const plans = [
    ...known.map(([entry, file]) => {
      if (!file) return planGone(input, entry)
      const plan = planKnown(planning, entry, file)
      // Who moved a file need not have mended its imports.
      const asIs = plan.kind === 'conflict' ? planKnown(input, entry, file) : plan
      return asIs.kind === 'conflict' ? plan : asIs
    }),
    ...news.map((file) => planNew(planning, file)),
  ]
  return withoutClashes(
    plans.filter((plan) => plan !== undefined),
    input,
  ).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A file that was emitted and still is. */
function planKnown(input: Planning, entry: ManifestFile, emitted: EmittedFile): FilePlan {
  const { id } = emitted
  const where = whereIs(input, entry)
  const isMoved = where !== entry.path
  const path = pathOf(input, entry, emitted)
  const mended = (text: string | undefined, from: string, layout: Relocate | undefined) =>
    text !== undefined && layout && isModule(path) ? inLayout(text, from, path, layout) : text
  const next: ManifestFile = {
    id,
    path: emitted.path,
    owner: emitted.owner,
    base: sha256(emitted.text),
    mode: emitted.mode,
  }
  const file = { ...emitted, text: mended(emitted.text, emitted.path, input.layouts?.next) as string }
  if (path !== file.path) next.at = path
  const stays: ManifestFile = { ...next, at: where }
  if (where === file.path) delete stays.at
  const base = mended(input.bases.get(entry.base), entry.path, input.layouts?.emitted)
  const isNews = base === undefined || !isSame(base, file.text)
  const kept = (why: Kept, entry: ManifestFile): FilePlan => ({ kind: 'kept', id, path: where, entry, why, isNews })

  if (entry.owner === 'ejected') return kept('ejected', isMoved ? { ...entry, at: where } : entry)
  const onDisk = input.look(where)
  const found = onDisk.kind === 'file' ? { ...onDisk, text: mended(onDisk.text, where, input.layouts?.owned) } : onDisk
  if (found.kind === 'missing') {
    const { at: _, ...back } = next
    if (input.restore) return { kind: 'created', id, path: file.path, entry: back, text: file.text, mode: file.mode }
    return kept('deleted', back)
  }
  if (found.kind === 'blocked') {
    return isNews || path !== where ? blockedBy(id, where, found.what) : kept('edited', stays)
  }
  if (base === undefined && (found.text === undefined || !isSame(found.text, file.text))) {
    return {
      kind: 'blocked',
      id,
      path: where,
      entry,
      why: `the text it was emitted with (${entry.base.slice(0, 12)}…) is not in .stoma/base`,
      hint: 'Restore .stoma/base from version control, or take the file over with `eject`.',
    }
  }
  const isPristine = found.text !== undefined && base !== undefined && isSame(found.text, base)
  if (file.owner === 'seed' && !isPristine) return kept('seed', stays)

  const mode = mergedMode(entry.mode, found.isExecutable, file.mode)
  const from = path === where ? {} : { from: where }
  const decision = decideFile(found, base, file, where, input)
  if (decision.take === 'blocked') {
    const hint = 'Solve them, or take the file over with `eject`.'
    return { kind: 'blocked', id, path: where, entry, why: decision.why, hint }
  }
  if (decision.take === 'conflict') {
    return conflictOf(
      { id, path: where, mode, entry: { ...stays, base: entry.base, conflict: next.base } },
      onDisk as typeof found,
      base,
      file,
      decision,
      input,
    )
  }
  if (decision.take === 'theirs') return { kind: 'updated', id, path, entry: next, text: decision.text, mode, ...from }
  if (decision.take === 'merged') {
    const { text, notes, settled } = decision
    return { kind: 'merged', id, path, entry: next, text, mode, notes, settled, ...from }
  }
  const isModeNew = found.isExecutable !== (mode === '755')
  const isMended = onDisk.kind === 'file' && onDisk.text !== found.text
  if ((path !== where || isModeNew || isMended) && found.text !== undefined)
    return { kind: 'updated', id, path, entry: next, text: found.text, mode, ...from }
  if (isPristine || (found.text !== undefined && isSame(found.text, file.text)))
    return { kind: 'unchanged', id, path: where, entry: stays }
  return { kind: 'kept', id, path: where, entry: stays, why: 'edited', isNews, notes: decision.notes ?? [] }
}

/** A file that was emitted, and that this release does not have for these answers. */
function planGone(input: PlanInput, entry: ManifestFile): FilePlan | undefined {
  const { id } = entry
  const where = whereIs(input, entry)
  const found = input.look(where)
  if (found.kind === 'missing') return undefined
  const base = input.bases.get(entry.base)
  const isPristine = found.kind === 'file' && base !== undefined && found.text !== undefined && isSame(found.text, base)
  if (isPristine && entry.owner !== 'ejected') return { kind: 'removed', id, path: where, entry: null }
  return { kind: 'kept', id, path: where, entry: null, why: 'dropped', isNews: true }
}

/** A file that this release is the first to have, or the first with these answers. */
function planNew(input: Planning, emitted: EmittedFile): FilePlan {
  const { id, owner, mode } = emitted
  const path = input.moved?.get(id) ?? emitted.path
  const { layouts } = input
  const text = layouts && isModule(path) ? inLayout(emitted.text, emitted.path, path, layouts.next) : emitted.text
  const file = { ...emitted, text }
  const next: ManifestFile = { id, path: file.path, owner, base: sha256(emitted.text), mode }
  if (path !== file.path) next.at = path
  const found = input.look(path)
  if (found.kind === 'missing') return { kind: 'created', id, path, entry: next, text, mode }
  if (found.kind === 'blocked') return blockedBy(id, path, found.what)
  if (found.text !== undefined && isSame(found.text, text)) return { kind: 'unchanged', id, path, entry: next }
  if (owner === 'seed') return { kind: 'kept', id, path, entry: next, why: 'occupied', isNews: true }
  const decision = decideFile(found, undefined, file, path, input)
  if (decision.take === 'merged')
    return {
      kind: 'merged',
      id,
      path,
      entry: next,
      text: decision.text,
      mode,
      notes: decision.notes,
      settled: decision.settled,
    }
  if (decision.take === 'conflict')
    return conflictOf(
      { id, path, mode, entry: { ...next, conflict: next.base } },
      found,
      undefined,
      file,
      decision,
      input,
    )
  return { kind: 'kept', id, path, entry: next, why: 'edited', isNews: true }
}

/** Where a file of the manifest lies: where it was recorded, where it was emitted, or where a search found it. */
function whereIs({ look, moved }: PlanInput, { id, path, at }: ManifestFile): string {
  const places = [at, path, moved?.get(id)].filter((place) => place !== undefined)
  return places.find((place) => look(place).kind !== 'missing') ?? path
}

/**
 * Where a file lies in the end: where the user put it, else where the template has it now. Where only the case of a name
 * changes and the file system takes both for one, the old name stays as well: renaming it is the user's.
 */
function pathOf(input: PlanInput, entry: ManifestFile, file: EmittedFile): string {
  const where = whereIs(input, entry)
  const isSameName = where.toLowerCase() === file.path.toLowerCase() && input.look(file.path).kind !== 'missing'
  return where !== entry.path || entry.owner === 'ejected' || isSameName ? where : file.path
}

function decideFile(
  found: OnDisk & { kind: 'file' },
  base: string | undefined,
  file: EmittedFile,
  path: string,
  input: PlanInput,
) {
  const habit = input.habit ?? 'sidecar'
  if (found.text === undefined) {
    if (base !== undefined && isSame(base, file.text)) return { take: 'ours' as const }
    return { take: 'conflict' as const, why: 'yours is not text', places: [] }
  }
  const sides = { path, owner: file.owner, ours: found.text, base, theirs: file.text }
  return decide(sides, habit, input.syntaxProblem ?? (() => undefined))
}

function conflictOf(
  common: Pick<Conflict, 'id' | 'path' | 'entry' | 'mode'>,
  found: OnDisk & { kind: 'file' },
  base: string | undefined,
  file: EmittedFile,
  {
    why,
    places,
    merged,
    hasMarkers,
  }: { why: string; places: Conflict['places']; merged?: string; hasMarkers?: boolean },
  { habit }: PlanInput,
): Conflict {
  const writesMarkers = habit === 'markers' && Boolean(hasMarkers)
  return { kind: 'conflict', ...common, why, places, ours: found.text, base, theirs: file.text, merged, writesMarkers }
}

const blockedBy = (id: string, path: string, what: string): FilePlan => ({
  kind: 'blocked',
  id,
  path,
  entry: null,
  why: `${what} is where the template has a file`,
  hint: 'Move it away, or take the file over with `eject`.',
})

/** The executable bit, three-way: who changed it is right. */
function mergedMode(base: '644' | '755', isExecutable: boolean, next: '644' | '755'): '644' | '755' {
  // Windows has no such bit to tell.
  if (process.platform === 'win32') return next
  const ours = isExecutable ? '755' : '644'
  return ours === base ? next : ours
}

/** Two files of one path, or a file that moves to where another lies: the one that would be written over is not. */
function withoutClashes(plans: readonly FilePlan[], { look }: PlanInput): FilePlan[] {
  const taken = new Map<string, number>()
  const leaving = new Set(
    plans.flatMap((plan) => (plan.kind === 'removed' ? [plan.path] : 'from' in plan && plan.from ? [plan.from] : [])),
  )
  for (const { path, kind } of plans) if (kind !== 'removed') taken.set(path, (taken.get(path) ?? 0) + 1)
  return plans.map((plan) => {
    const isMoving = 'from' in plan && plan.from !== undefined
    if (!isMoving && plan.kind !== 'created') return plan
    const isFree = look(plan.path).kind === 'missing' || leaving.has(plan.path)
    if (isFree && taken.get(plan.path) === 1) return plan
    const why = isMoving
      ? `the template moves ${plan.from} there, and something else is there`
      : 'another file of yours is there'
    return {
      kind: 'blocked',
      id: plan.id,
      path: plan.path,
      entry: null,
      why,
      hint: 'Move it away, then upgrade again.',
    }
  })
}
