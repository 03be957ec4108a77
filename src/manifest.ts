import { createHash } from 'node:crypto'
import type { Answers } from './questions.ts'
import type { EmittedFile } from './render/index.ts'
import type { Owner } from './render/table.ts'
import { replayOf } from './replay.ts'
import { NAME, VERSION } from './version.ts'

export const MANIFEST = '.stoma/manifest.json'
export const BASES = '.stoma/base'

/** The shape of the manifest. A tool refuses one that is newer than it knows, and reads every older one for ever. */
export const SCHEMA = 1

export interface ManifestFile {
  /** What the file is called for ever, also where a later release moves it. */
  id: string
  /** Where the release of `base` puts it. */
  path: string
  /** `ejected`: the user took it over, and upgrades leave it alone. */
  owner: Owner | 'ejected'
  /** Hash of the emitted text that the user's version goes back to. */
  base: string
  mode: '644' | '755'
  /** Where the user moved it. */
  at?: string
  /** Of an ejected file: its owner before, and again when it is adopted. */
  was?: Owner
  /** Hash of the template's text that could not be merged: the base, once the user says that the conflict is solved. */
  conflict?: string
}

/** Templates of somebody else, as they were when they were taken: the texts lie in `.stoma/overlay`. */
export interface OverlayPin {
  source: string
  commit?: string
  integrity: string
}

export interface Manifest {
  schema: number
  generator: { name: string; version: string }
  template: { source: string; integrity: string; overlay?: OverlayPin }
  /** The folder of the pipeline, in a project that it moved into. */
  home?: string
  /** The package's, when it was emitted. */
  name: string
  /** As they were recorded: questions of a later release are missing. */
  answers: Partial<Answers>
  /** The command that makes the same project again. */
  replay: string
  files: ManifestFile[]
}

export const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

/**
 * What an upgrade starts from, committed with the project: the manifest, and a pack of every emitted text under its own
 * hash. A pack is named by its content and never changes: an upgrade adds one of the texts that are new, so branches
 * merge cleanly. One file instead of one for each text halves what is written, and what a reviewer scrolls past.
 * No time and no path of a machine: equal answers give equal bytes.
 */
export function stateFiles(
  name: string,
  answers: Answers,
  integrity: string,
  files: readonly EmittedFile[],
  { overlay, home }: { overlay?: OverlayPin | undefined; home?: string | undefined } = {},
): { path: string; text: string }[] {
  const based = files.map(({ id, path, owner, text, mode }) => ({ id, path, owner, base: sha256(text), mode }))
  const template = { source: 'builtin', integrity, ...(overlay && { overlay }) }
  const manifest = { ...manifestHead(name, answers, template, home), files: based }
  return [packOf(files.map(({ text }) => text)), { path: MANIFEST, text: manifestText(manifest) }]
}

/** What a manifest of this very release says of a project, before its files. */
export function manifestHead(
  name: string,
  answers: Answers,
  template: Manifest['template'],
  home?: string,
): Omit<Manifest, 'files'> {
  return {
    schema: SCHEMA,
    generator: { name: NAME, version: VERSION },
    template,
    ...(home && { home }),
    name,
    answers,
    replay: replayOf(name, answers, { overlay: template.overlay, home }),
  }
}

/** One line a file, sorted by id: what two branches add apart merges apart. */
export function manifestText({ files, ...head }: Manifest): string {
  const sorted = files.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const list = sorted.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "files": [\n${list}\n  ]\n}\n`
}

/** A pack of base texts, each under its hash, named by its own. */
export function packOf(texts: readonly string[]): { path: string; text: string } {
  const bases = new Map(texts.map((text) => [sha256(text), text]))
  const lines = [...bases].sort().map(([hash, base]) => `${JSON.stringify(hash)}: ${JSON.stringify(base)}`)
  const text = `{\n${lines.join(',\n')}\n}\n`
  return { path: `${BASES}/${sha256(text)}.json`, text }
}
