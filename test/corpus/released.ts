import { readFileSync } from 'node:fs'
import { type Manifest, type ManifestFile, sha256 } from '../../src/manifest.ts'
import type { EmittedFile } from '../../src/render/index.ts'
import type { Tree } from './tree.ts'

/** A project as a release emitted it, kept for ever in test/releases. */
export interface Released {
  version: string
  manifest: Manifest
  tree: Tree
  entries: ManifestFile[]
  bases: ReadonlyMap<string, string>
}

/**
 * What the corpus stands on: the tree that a user of a release really has. It never changes, so neither do the edits of
 * the corpus; the templates of today come in as the last of the changes.
 */
export function readReleased(version = '0.1.0', cell = 'node-day-duckdb-wasm'): Released {
  const url = new URL(`../releases/${version}.json`, import.meta.url)
  const { cells, texts } = JSON.parse(readFileSync(url, 'utf8')) as {
    cells: Record<string, Record<string, string>>
    texts: Record<string, string>
  }
  const files = cells[cell]
  if (!files)
    throw new Error(`test/releases/${version}.json: there is no ${cell}, only ${Object.keys(cells).join(', ')}`)
  const textOf = (path: string) => texts[files[path] as string] as string
  const manifest = JSON.parse(textOf('.stoma/manifest.json')) as Manifest
  const tree = new Map(manifest.files.map(({ path }) => [path, textOf(path)] as const))
  const bases = new Map([...tree.values()].map((text) => [sha256(text), text]))
  return { version, manifest, tree, entries: manifest.files, bases }
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
