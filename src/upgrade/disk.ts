import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../manifest.ts'
import { decode } from './text.ts'
import type { Look, OnDisk } from './types.ts'

/** Looks below `dir`, each path once: what a plan is made of does not change while it is made. */
export function lookInto(dir: string): Look {
  const seen = new Map<string, OnDisk>()
  return (path) => {
    const found = seen.get(path) ?? lookAt(dir, path)
    seen.set(path, found)
    return found
  }
}

/** What lies at a path now. Neither it nor a folder above it may be a link: a write would go through it. */
export function lookAt(dir: string, path: string): OnDisk {
  const parts = path.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const place = join(dir, ...parts.slice(0, count))
    const stats = statOf(place)
    if (!stats) return { kind: 'missing' }
    if (stats.isSymbolicLink()) return { kind: 'blocked', what: 'a symbolic link' }
    const isLast = count === parts.length
    if (!isLast && !stats.isDirectory()) return { kind: 'blocked', what: `a file (${parts.slice(0, count).join('/')})` }
    if (!isLast) continue
    if (stats.isDirectory()) return { kind: 'blocked', what: 'a folder' }
    if (!stats.isFile()) return { kind: 'blocked', what: 'something that is no file' }
    const bytes = readFileSync(place)
    return { kind: 'file', bytes, text: decode(bytes), isExecutable: (stats.mode & 0o100) !== 0 }
  }
  return { kind: 'missing' }
}

/** What a file is recognised by before and after a write: its bytes and its executable bit; null where there is none. */
export function fingerprintOf(found: OnDisk): string | null {
  if (found.kind === 'missing') return null
  return found.kind === 'file' ? fingerprint(found.bytes, found.isExecutable) : found.what
}

export const fingerprint = (content: string | Uint8Array, isExecutable: boolean): string =>
  `${sha256(content)}${isExecutable && process.platform !== 'win32' ? '+x' : ''}`

function statOf(place: string): Stats | undefined {
  try {
    return lstatSync(place)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Folders that hold no source of anybody's: of this name anywhere, and at the top; and every hidden one. */
const PASSED_OVER = ['node_modules', 'dist', 'build', 'coverage']
const PASSED_OVER_AT_TOP = ['logs', 'lake']
const MOST_FILES = 20_000
const LARGEST = 1 << 20

/** The texts of a project with one of these endings, by path: where a moved file may be. */
export function textsBelow(dir: string, endings: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>()
  let seen = 0
  read('')
  return texts

  function read(folder: string): void {
    for (const entry of readdirSync(join(dir, folder), { withFileTypes: true })) {
      const path = folder + entry.name
      if (++seen > MOST_FILES) return
      if (
        entry.isDirectory() &&
        !entry.name.startsWith('.') &&
        !PASSED_OVER.includes(entry.name) &&
        !PASSED_OVER_AT_TOP.includes(path)
      )
        read(`${path}/`)
      if (!entry.isFile() || !endings.some((ending) => path.endsWith(ending))) continue
      if ((statOf(join(dir, path))?.size ?? LARGEST) >= LARGEST) continue
      const text = decode(readFileSync(join(dir, path)))
      if (text !== undefined) texts.set(path, text)
    }
  }
}
