import { createHash } from 'node:crypto'
import type { Answers } from './questions.ts'
import type { EmittedFile } from './render/index.ts'
import { replayCommand } from './replay.ts'
import { NAME, VERSION } from './version.ts'

export const MANIFEST = '.stoma/manifest.json'

/** The shape of the manifest. A tool refuses one that is newer than it knows. */
export const SCHEMA = 1

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

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
): { path: string; text: string }[] {
  const based = files.map((file) => ({ ...file, base: sha256(file.text) }))
  const bases = new Map(based.map(({ base, text }) => [base, text]))
  const head = {
    schema: SCHEMA,
    generator: { name: NAME, version: VERSION },
    template: { source: 'builtin', integrity },
    name,
    answers,
    replay: replayCommand(name, answers),
  }
  const entries = based
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, path, owner, base, mode }) => ({ id, path, owner, base, mode }))
  // One line a file: what two branches add apart merges apart.
  const list = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')
  const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "files": [\n${list}\n  ]\n}\n`
  const lines = [...bases].sort().map(([hash, base]) => `${JSON.stringify(hash)}: ${JSON.stringify(base)}`)
  const pack = `{\n${lines.join(',\n')}\n}\n`
  return [
    { path: `.stoma/base/${sha256(pack)}.json`, text: pack },
    { path: MANIFEST, text },
  ]
}
