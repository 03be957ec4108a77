import { type ManifestFile, sha256 } from '../manifest.ts'
import type { EmittedFile } from '../render/index.ts'
import { withoutPlaces } from './layout.ts'
import { canonical } from './text.ts'
import type { Look } from './types.ts'

interface MoveInput {
  entries: readonly ManifestFile[]
  bases: ReadonlyMap<string, string>
  next: readonly EmittedFile[]
  look: Look
  /** Every file of the project that might be one of ours, by path; called only where one is missing. */
  candidates: () => ReadonlyMap<string, string>
}

/**
 * Where the user moved files to: by id, files that are found under another path with the text that was emitted, and
 * then, where such files show that a whole folder moved, the edited and the new files of that folder.
 */
export function findMoves({ entries, bases, next, look, candidates }: MoveInput): Map<string, string> {
  const moved = new Map<string, string>()
  const isThere = (path: string | undefined) => path !== undefined && look(path).kind !== 'missing'
  const missing = entries.filter(({ at, path }) => !isThere(at) && !isThere(path))
  const news = new Map(next.map(({ id, text }) => [id, text]))
  // As it was emitted, and as it is now: what an upgrade does not find, the next one must not find either.
  const textsOf = ({ id, base }: ManifestFile) => [bases.get(base), news.get(id)].filter((text) => text !== undefined)
  // A file with nothing in it could be any other.
  const wanted = missing.filter((file) => textsOf(file).some((text) => text.trim() !== ''))
  const folders = new Map<string, string>()
  for (const { at, path } of entries) if (at !== undefined && isThere(at)) learnFolder(folders, path, at)
  if (wanted.length > 0) {
    const ours = new Set(entries.flatMap(({ at, path }) => [at ?? path, path]))
    const others = new Map([...candidates()].filter(([path]) => !ours.has(path)))
    const byHash = new Map<string, string[]>()
    for (const [path, text] of others) {
      const hash = hashOf(text)
      byHash.set(hash, [...(byHash.get(hash) ?? []), path])
    }
    for (const file of wanted) {
      const { id, path } = file
      const alike = textsOf(file).flatMap((text) => (text.trim() ? (byHash.get(hashOf(text)) ?? []) : []))
      const found = theOne([...new Set(alike)], path)
      if (!found || [...moved.values()].includes(found)) continue
      moved.set(id, found)
      learnFolder(folders, path, found)
    }
    for (const file of wanted.filter(({ id }) => !moved.has(id))) {
      const found = inMovedFolder(folders, file.path)
      const text = found === undefined ? undefined : others.get(found)
      if (found && text !== undefined && textsOf(file).some((emitted) => isSimilar(emitted, text)))
        moved.set(file.id, found)
    }
  }
  const known = new Set(entries.map(({ id }) => id))
  const stayed = entries.filter(({ path }) => isThere(path)).map(({ path }) => path)
  for (const { id, path } of next.filter(({ id }) => !known.has(id))) {
    const [folder, target] = mappingOf(folders, path) ?? []
    if (folder === undefined || stayed.some((other) => other.startsWith(folder))) continue
    moved.set(id, target + path.slice(folder.length))
  }
  return moved
}

/** Editors mend the imports of what they move. */
const hashOf = (text: string) => sha256(withoutPlaces(canonical(text)))

/** The only one, or the only one of the same name. */
function theOne(paths: readonly string[], like: string): string | undefined {
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
  const alike = paths.filter((path) => nameOf(path) === nameOf(like))
  const choice = alike.length > 0 ? alike : paths
  return choice.length === 1 ? choice[0] : undefined
}

/** `src/a/b.ts` at `lib/a/b.ts` says that `src/` is at `lib/`: what both paths end with is cut off. */
function learnFolder(folders: Map<string, string>, from: string, to: string): void {
  const [a, b] = [from.split('/'), to.split('/')]
  let same = 0
  while (same < Math.min(a.length, b.length) && a.at(-1 - same) === b.at(-1 - same)) same++
  if (same === 0) return
  const folder = (parts: string[]) =>
    parts
      .slice(0, parts.length - same)
      .map((part) => `${part}/`)
      .join('')
  folders.set(folder(a), folder(b))
}

/** The innermost moved folder that holds a path, and where it went. */
function mappingOf(folders: ReadonlyMap<string, string>, path: string): [string, string] | undefined {
  return [...folders].filter(([from]) => path.startsWith(from)).sort(([a], [b]) => b.length - a.length)[0]
}

function inMovedFolder(folders: ReadonlyMap<string, string>, path: string): string | undefined {
  const [from, to] = mappingOf(folders, path) ?? []
  return from === undefined ? undefined : to + path.slice(from.length)
}

/** True where half of the emitted lines are still there. */
export function isSimilar(base: string, text: string): boolean {
  const lines = (all: string) =>
    canonical(all)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.length > 1)
  const have = new Map<string, number>()
  for (const line of lines(text)) have.set(line, (have.get(line) ?? 0) + 1)
  const emitted = lines(base)
  let kept = 0
  for (const line of emitted) {
    const left = have.get(line) ?? 0
    if (left > 0) kept++
    have.set(line, left - 1)
  }
  return kept * 2 >= emitted.length && kept > 0
}
