import { MANIFEST, type Manifest, type ManifestFile, sha256 } from '../../src/manifest.ts'
import type { EmittedFile } from '../../src/render/index.ts'
import { releases } from '../support/releases.ts'
import type { Tree } from './tree.ts'

/** A project as a release emitted it, kept for ever in test/releases. */
export interface Released {
  version: string
  manifest: Manifest
  /** All that was written, `.stoma/` included. */
  files: ReadonlyMap<string, string>
  tree: Tree
  entries: ManifestFile[]
  bases: ReadonlyMap<string, string>
}

/**
 * What the corpus stands on: the tree that a user of a release really has. It never changes, so neither do the edits of
 * the corpus; the templates of today come in as the last of the changes.
 */
export function readReleased(version = '0.1.0', cell = 'node-day-duckdb-wasm'): Released {
  const files = releases()
    .find((release) => release.version === version)
    ?.cells.get(cell)
  if (!files) throw new Error(`test/releases holds no ${cell} of ${version}`)
  const manifest = JSON.parse(files.get(MANIFEST) as string) as Manifest
  const tree = new Map(manifest.files.map(({ path }) => [path, files.get(path) as string]))
  const bases = new Map([...tree.values()].map((text) => [sha256(text), text]))
  return { version, manifest, files, tree, entries: manifest.files, bases }
}

/** What a later release would emit: a changed tree, in the terms of `render`. Files that moved keep their id. */
export function asEmitted(released: Released, tree: Tree, origins: ReadonlyMap<string, string>): EmittedFile[] {
  const known = new Map(released.entries.map((entry) => [entry.path, entry]))
  const files = [...tree].map(([path, text]): EmittedFile => {
    const entry = known.get(origins.get(path) ?? '')
    const owner = entry?.owner === 'ejected' ? undefined : entry?.owner
    return { id: entry?.id ?? path, path, text, owner: owner ?? 'managed', mode: entry?.mode ?? '644' }
  })
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}
