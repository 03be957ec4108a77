import { posix } from 'node:path'

/** A project: path to text. */
export type Tree = ReadonlyMap<string, string>

/**
 * Edits a project as a person would. Every edit says what it expects to find and throws where that is not so: a corpus
 * whose edits quietly do nothing would prove nothing.
 */
export class Editor {
  readonly files: Map<string, string>
  /** Today's path to the path the file had at first; a file that was written anew has none. */
  readonly origins: Map<string, string>

  constructor(tree: Tree) {
    this.files = new Map(tree)
    this.origins = new Map([...tree.keys()].map((path) => [path, path]))
  }

  read(path: string): string {
    const text = this.files.get(path)
    if (text === undefined) throw new Error(`${path}: there is no such file to edit`)
    return text
  }

  /** Replaces the one place where `from` stands. */
  edit(path: string, from: string, to: string): this {
    const parts = this.read(path).split(from)
    if (parts.length !== 2) throw new Error(`${path}: found ${parts.length - 1} times, not once: ${from}`)
    this.files.set(path, parts.join(to))
    return this
  }

  after(path: string, line: string, more: string): this {
    return this.edit(path, `${line}\n`, `${line}\n${more}\n`)
  }

  append(path: string, text: string): this {
    this.files.set(path, `${this.read(path)}${text}`)
    return this
  }

  create(path: string, text: string): this {
    if (this.files.has(path)) throw new Error(`${path}: is there already`)
    this.files.set(path, text)
    return this
  }

  /** A new text for the whole file. */
  rewrite(path: string, text: string): this {
    if (this.read(path) === text) throw new Error(`${path}: says that already`)
    this.files.set(path, text)
    return this
  }

  remove(...paths: string[]): this {
    for (const path of paths) {
      this.read(path)
      this.files.delete(path)
      this.origins.delete(path)
    }
    return this
  }

  /** Puts every file that `wanted` picks through `change`; at least one must come out different. */
  each(wanted: (path: string) => boolean, change: (text: string, path: string) => string): this {
    let changed = 0
    for (const [path, text] of this.files) {
      if (!wanted(path)) continue
      const next = change(text, path)
      if (next !== text) changed++
      this.files.set(path, next)
    }
    if (changed === 0) throw new Error(`no file was changed by ${change}`)
    return this
  }

  /** Renames an identifier in every module, as an editor does. */
  renameSymbol(from: string, to: string): this {
    return this.each(isModule, (text) => text.replace(new RegExp(`(?<![\\w$.'])${from}(?![\\w$'])`, 'g'), to))
  }

  /** Moves files, alone or a whole folder (`src/storage/`), and mends every relative import. */
  move(from: string, to: string): this {
    const relocate = (path: string) => {
      if (path === from) return to
      return from.endsWith('/') && `${path}/`.startsWith(from)
        ? (to + path.slice(from.length)).replace(/\/$/, '')
        : path
    }
    const whole = [...this.files]
    if (!whole.some(([path]) => relocate(path) !== path)) throw new Error(`${from}: there is no such file to move`)
    this.files.clear()
    for (const [path, text] of whole) {
      const home = relocate(path)
      if (this.files.has(home)) throw new Error(`${home}: is there already`)
      this.files.set(home, isModule(path) ? mendImports(text, path, home, relocate) : text)
      const origin = this.origins.get(path)
      if (origin === undefined || home === path) continue
      this.origins.delete(path)
      this.origins.set(home, origin)
    }
    return this
  }

  /** Changes a JSON file by its value, and writes it in the way it is emitted. */
  json(path: string, change: (value: Json) => void): this {
    const value = JSON.parse(this.read(path)) as Json
    change(value)
    const text = JSON.stringify(value, null, 2).replace(
      /\[\s+([^[\]{}]*?)\s+\]/g,
      (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`,
    )
    return this.rewrite(path, `${text}\n`)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the shape of a package.json is what each edit says it is
export type Json = Record<string, any>

export const isModule = (path: string) => path.endsWith('.ts')
export const isTest = (path: string) => path.endsWith('.test.ts')

/** What a module names by a relative path: imports, exports, `import()` and `new URL('…', import.meta.url)`. */
const RELATIVE = /(\bfrom |\bimport |\bimport\(|\bnew URL\()(['"`])(\.{1,2}\/[^'"`]*)\2/g

export function relativeOf(text: string, path: string): string[] {
  return [...text.matchAll(RELATIVE)].map(([, , , to = '']) => posix.join(posix.dirname(path), to))
}

function mendImports(text: string, from: string, home: string, relocate: (path: string) => string): string {
  return text.replace(RELATIVE, (whole, keyword: string, quote: string, to: string) => {
    const target = posix.join(posix.dirname(from), to)
    if (relocate(target) === target && from === home) return whole
    const path = posix.relative(posix.dirname(home), relocate(target))
    return `${keyword}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
  })
}
