import { statSync } from 'node:fs'
import { join } from 'node:path'
import { MANIFEST, type Manifest, type ManifestFile, manifestText, packOf, sha256 } from '../manifest.ts'
import type { Write } from './apply.ts'
import { fingerprint, fingerprintOf } from './disk.ts'
import type { Project } from './project.ts'
import type { Conflict, FilePlan, Look } from './types.ts'

export const CONFLICTS = '.stoma/conflicts'

/** What lies beside a conflict, each with its ending. */
export const SIDECARS = ['ours', 'base', 'theirs', 'merged'] as const

/**
 * The writes that carry out a plan, in order: files, then texts of conflicts, then new base texts, and the manifest last.
 * Empty where the project is already as planned.
 */
export function writesOf(
  project: Project,
  plans: readonly FilePlan[],
  head: Omit<Manifest, 'files'>,
  texts: readonly string[],
  look: Look,
): Write[] {
  const { dir } = project
  const write = (path: string, text: string | null, mode: '644' | '755' = '644'): Write[] => {
    const before = fingerprintOf(look(path))
    if (text === null && before === null) return []
    return [{ path, text, mode: permissions(dir, path, mode), before }]
  }
  const kept = new Set(plans.flatMap((plan) => ('text' in plan ? [plan.path] : [])))
  const files = plans.flatMap((plan) => {
    if (plan.kind === 'removed') return kept.has(plan.path) ? [] : write(plan.path, null)
    if (plan.kind === 'conflict' && plan.writesMarkers) return write(plan.path, plan.merged ?? null, plan.mode)
    if (!('text' in plan)) return []
    const leaves = plan.from !== undefined && !kept.has(plan.from)
    return [...write(plan.path, plan.text, plan.mode), ...(leaves ? write(plan.from as string, null) : [])]
  })
  const sidecars = plans
    .filter((plan) => plan.kind === 'conflict')
    .flatMap((plan) => sidecarsOf(plan).flatMap(({ path, text }) => write(path, text)))

  const entries = entriesOf(project.manifest.files, plans)
  const manifest = manifestText({ ...head, files: entries })
  const known = new Set(project.bases.keys())
  const needed = new Set(entries.flatMap(({ base, conflict }) => [base, conflict]))
  const fresh = texts.filter((text) => needed.has(sha256(text)) && !known.has(sha256(text)))
  const pack = fresh.length > 0 ? [packOf(fresh)].flatMap(({ path, text }) => write(path, text)) : []
  // A manifest that says the same in other words is left as it is.
  const isSaid = manifestText(project.manifest) === manifest
  const found = look(MANIFEST)
  // As it was when the plan began: should another run have changed it since, this one must not go on.
  const before = fingerprint(project.manifestText, found.kind === 'file' && found.isExecutable)
  const last = { path: MANIFEST, text: manifest, mode: permissions(dir, MANIFEST), before }
  return [...files, ...sidecars, ...pack, ...(isSaid ? [] : [last])]
}

/** Files of the next manifest: as planned, and the others as they were. */
function entriesOf(before: readonly ManifestFile[], plans: readonly FilePlan[]): ManifestFile[] {
  const planned = new Set(plans.map(({ id }) => id))
  return [...before.filter(({ id }) => !planned.has(id)), ...plans.flatMap(({ entry }) => (entry ? [entry] : []))]
}

/** The texts of a conflict. Those of an earlier one that this one does not have are removed. */
function sidecarsOf({ path, ours, base, theirs, merged, writesMarkers }: Conflict) {
  const texts = { ours, base, theirs, merged: writesMarkers ? undefined : merged }
  return SIDECARS.map((ending) => ({ path: `${CONFLICTS}/${path}.${ending}`, text: texts[ending] ?? null }))
}

/** Permissions of a new file are the umask's business; those of a file that is there stay, but for the executable bit. */
export function permissions(dir: string, path: string, mode?: '644' | '755'): number {
  const stats = statSync(join(dir, path), { throwIfNoEntry: false })
  if (stats && mode === undefined) return stats.mode & 0o777
  const readable = stats ? stats.mode & 0o666 : 0o666 & ~process.umask()
  // Who may read it may run it.
  return mode === '755' ? readable | ((readable & 0o444) >> 2) : readable
}
