import { type ManifestFile, sha256 } from '../../src/manifest.ts'
import type { EmittedFile } from '../../src/render/index.ts'
import { findMoves } from '../../src/upgrade/moves.ts'
import { type PlanInput, planFiles } from '../../src/upgrade/plan.ts'
import type { FilePlan, Look } from '../../src/upgrade/types.ts'

/** A project in memory: what lies in its folder, and what its manifest and base texts say. */
export interface MemoryProject {
  files: Map<string, string>
  entries: ManifestFile[]
  bases: Map<string, string>
}

/** A file as a template emits it; its id is its first path. */
export const emitted = (path: string, text: string, more: Partial<EmittedFile> = {}): EmittedFile => ({
  id: path,
  path,
  text,
  owner: 'managed',
  mode: '644',
  ...more,
})

/** The project that a release makes. */
export function made(files: readonly EmittedFile[]): MemoryProject {
  return {
    files: new Map(files.map(({ path, text }) => [path, text])),
    entries: files.map(({ id, path, owner, text, mode }) => ({ id, path, owner, base: sha256(text), mode })),
    bases: new Map(files.map(({ text }) => [sha256(text), text])),
  }
}

const lookIn =
  ({ files }: MemoryProject): Look =>
  (path) => {
    const text = files.get(path)
    if (text !== undefined) return { kind: 'file', bytes: Buffer.from(text), text, isExecutable: false }
    const isFolder = [...files.keys()].some((other) => other.startsWith(`${path}/`))
    return isFolder ? { kind: 'blocked', what: 'a folder' } : { kind: 'missing' }
  }

export function plan(
  project: MemoryProject,
  next: readonly EmittedFile[],
  options: Partial<PlanInput> = {},
): FilePlan[] {
  const { entries, bases, files } = project
  const look = lookIn(project)
  const moved = findMoves({ entries, bases, next, look, candidates: () => files })
  return planFiles({ entries, bases, next, look, moved, ...options })
}

/** The project as a plan leaves it. A conflict leaves the user's file, and is taken as solved. */
export function carriedOut(
  project: MemoryProject,
  plans: readonly FilePlan[],
  next: readonly EmittedFile[],
): MemoryProject {
  const files = new Map(project.files)
  for (const plan of plans) {
    if (plan.kind === 'removed') files.delete(plan.path)
    if ('from' in plan && plan.from !== undefined) files.delete(plan.from)
  }
  for (const plan of plans) if ('text' in plan) files.set(plan.path, plan.text)
  const entries = plans.flatMap(({ entry }) => (entry ? [settled(entry)] : [])).sort((a, b) => (a.id < b.id ? -1 : 1))
  const bases = new Map([...project.bases, ...next.map(({ text }) => [sha256(text), text] as const)])
  return { files, entries, bases }
}

function settled({ conflict, ...entry }: ManifestFile): ManifestFile {
  return conflict === undefined ? entry : { ...entry, base: conflict }
}

/** Upgrades, and gives the plan and what became of the project. */
export function upgraded(project: MemoryProject, next: readonly EmittedFile[], options: Partial<PlanInput> = {}) {
  const plans = plan(project, next, options)
  return {
    plans,
    project: carriedOut(project, plans, next),
    of: (path: string) => plans.find((plan) => plan.path === path),
  }
}
