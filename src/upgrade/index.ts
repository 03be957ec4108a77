import { CliError } from '../errors.ts'
import { relocate } from '../into/relocate.ts'
import { type Manifest, type ManifestFile, manifestHead } from '../manifest.ts'
import { renderOver } from '../overlay/apply.ts'
import type { Overlay } from '../overlay/fetch.ts'
import { overlayState, pinOf } from '../overlay/state.ts'
import type { OverlayNews } from '../overlay/upgrade.ts'
import type { Answers } from '../questions.ts'
import { type EmittedFile, render } from '../render/index.ts'
import { replayOf } from '../replay.ts'
import { integrityOf, readTemplates } from '../templates.ts'
import { answersFor, changedAnswers } from './answers.ts'
import type { Write } from './apply.ts'
import { type Dangling, findDangling, MODULES, newlyDangling, textsAfter } from './dangling.ts'
import { fingerprint, fingerprintOf, lookInto, textsBelow } from './disk.ts'
import { meaningFor, refuseOtherLake } from './lakes.ts'
import { findMoves } from './moves.ts'
import { planFiles } from './plan.ts'
import type { Project } from './project.ts'
import { syntaxProblem } from './syntax.ts'
import type { ConflictHabit, FilePlan, Look } from './types.ts'
import { writesOf } from './writes.ts'

export interface UpgradeOptions {
  set?: Partial<Answers>
  /** `adapters`, a file or a folder: nothing else is looked at. */
  only?: string | undefined
  restore?: boolean
  habit?: ConflictHabit
  /** What became of the project's own template, where it has one. */
  news?: OverlayNews | undefined
}

export interface Upgrade {
  answers: Answers
  changes: ReturnType<typeof changedAnswers>
  /** What the changed answers mean for data that is there already. */
  meaning: string[]
  files: FilePlan[]
  /** Imports, and files named in package.json, that lead nowhere once this is done, and did before. */
  dangling: Dangling[]
  /** Empty where there is nothing to do. */
  writes: Write[]
}

/** What an upgrade of a project to this release would do. Reads, and writes nothing. */
export function planUpgrade(project: Project, options: UpgradeOptions = {}): Upgrade {
  const { dir, manifest, bases } = project
  const answers = answersFor(manifest, options.set)
  const changes = changedAnswers(manifest, answers)
  refuseOtherLake({ dir, home: manifest.home ?? '' }, changes, answers)
  const templates = readTemplates()
  const isMeant = only(options.only)
  const overlay = options.news?.overlay
  const { home } = manifest
  const replay = replayOf(manifest.name, answers, { overlay, home })
  const rendered = overlay
    ? renderOver(overlay.files, manifest.name, answers, templates, replay)
    : render(manifest.name, answers, templates, replay)
  const next = relocate(home ?? '', rendered).filter(isMeant)
  const entries = manifest.files.filter(isMeant)
  if (next.length === 0 && entries.length === 0) {
    throw new CliError(`--only ${options.only}: no file of the project lies there.`, { code: 'USAGE', exitCode: 2 })
  }
  const look = lookInto(dir)
  const files = planWith(project, entries, next, look, options)
  const template = { source: 'builtin', integrity: integrityOf(templates), ...(overlay && { overlay: pinOf(overlay) }) }
  const { files: _, ...before } = manifest
  // A part of an upgrade leaves the release where it was: the rest is still to come.
  const head: Omit<Manifest, 'files'> =
    options.only === undefined ? manifestHead(manifest.name, answers, template, home) : before
  const writes = writesOf(project, files, head, [...bases.values(), ...next.map(({ text }) => text)], look)
  const meaning = [...(options.news?.said ?? []), ...meaningFor(changes, { dir, home: home ?? '' })]
  const dangling = writes.length > 0 ? danglingAfter(dir, files) : []
  return { answers, changes, meaning, files, dangling, writes: [...overlayWrites(overlay, look), ...writes] }
}

/** The project's copy of its template, where this one is new. */
function overlayWrites(overlay: Overlay | undefined, look: Look): Write[] {
  if (!overlay) return []
  const { path, text } = overlayState(overlay)
  const before = fingerprintOf(look(path))
  return before === fingerprint(text, false) ? [] : [{ path, text, mode: 0o666 & ~process.umask(), before }]
}

/** A merge by lines does not see that a file of the user's own imports what the newer template has renamed. */
function danglingAfter(dir: string, files: readonly FilePlan[]): Dangling[] {
  const texts = textsBelow(dir, MODULES)
  const read = new Map() // most modules are the same before and after
  return newlyDangling(findDangling(texts, read), findDangling(textsAfter(files, texts), read))
}

function planWith(
  { dir, bases }: Project,
  entries: readonly ManifestFile[],
  next: readonly EmittedFile[],
  look: Look,
  { habit = 'sidecar', restore = false }: UpgradeOptions,
): FilePlan[] {
  const endings = [...new Set(entries.map(({ path }) => path.slice(path.lastIndexOf('.'))))]
  const moved = findMoves({ entries, bases, next, look, candidates: () => textsBelow(dir, endings) })
  return planFiles({ entries, bases, next, look, moved, habit, restore, syntaxProblem })
}

const ADAPTERS = ['src/storage/', 'src/parquet/', 'src/processor/formats/']

/** The paths that `--only` means: the adapters behind the interfaces, a folder, or one file. */
function only(what: string | undefined): (file: { id: string; path: string }) => boolean {
  if (what === undefined) return () => true
  // An id is the path without the folder that a project moved into.
  if (what === 'adapters') return ({ id }) => ADAPTERS.some((folder) => id.startsWith(folder))
  const folder = `${what.replace(/^\.\/|\/+$/g, '')}/`
  return ({ path }) => `${path}/`.startsWith(folder)
}
