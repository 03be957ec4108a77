import type { ManifestFile } from '../manifest.ts'
import { textsBelow } from './disk.ts'
import { lineOfMarkers } from './merge-text.ts'
import { findMoves } from './moves.ts'
import type { Project } from './project.ts'
import { isSame } from './text.ts'
import type { Look, OnDisk } from './types.ts'

export type State = 'unchanged' | 'edited' | 'deleted' | 'conflict' | 'no base' | 'no file'

/** Where the user moved emitted files to, by their ids. */
export function movesNow({ dir, manifest, bases }: Project, look: Look): Map<string, string> {
  const endings = [...new Set(manifest.files.map(({ path }) => path.slice(path.lastIndexOf('.'))))]
  return findMoves({ entries: manifest.files, bases, next: [], look, candidates: () => textsBelow(dir, endings) })
}

/** Where an emitted file is, and how it stands to what was emitted. */
export function stateOf(
  file: ManifestFile,
  bases: ReadonlyMap<string, string>,
  look: Look,
  moved?: ReadonlyMap<string, string>,
): { path: string; found: OnDisk; state: State } {
  const places = [file.at, file.path, moved?.get(file.id)].filter((place) => place !== undefined)
  const path = places.find((place) => look(place).kind !== 'missing') ?? file.path
  const found = look(path)
  return { path, found, state: state(file, bases.get(file.base), found) }
}

function state(file: ManifestFile, base: string | undefined, found: OnDisk): State {
  if (found.kind === 'missing') return 'deleted'
  if (found.kind === 'blocked') return 'no file'
  const hasMarkers = found.text !== undefined && lineOfMarkers(found.text) !== undefined
  if (file.conflict !== undefined || hasMarkers) return 'conflict'
  if (base === undefined) return 'no base'
  return found.text !== undefined && isSame(found.text, base) ? 'unchanged' : 'edited'
}
