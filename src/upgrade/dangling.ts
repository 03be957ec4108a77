import { posix } from 'node:path'
import { type ParseResult, parse } from '@babel/parser'
import type { File, ImportDeclaration, Statement } from '@babel/types'
import type { FilePlan } from './types.ts'

/** Something a module or the package.json asks for and the project does not have. */
export interface Dangling {
  path: string
  /** Counted from 1. */
  line: number
  /** Such as `src/lake/state.ts exports no "readAll"`. */
  what: string
}

/** What a module takes from others of the project, and what it offers. */
interface Module {
  imports: { line: number; from: string; names: string[] }[]
  /** Null where that cannot be told: an `export =`, or everything of a package. */
  exports: ReadonlySet<string> | null
  /** Modules whose exports it passes on. */
  passesOn: string[]
}

/** The files that are looked at. */
export const MODULES = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', 'package.json']

const MODULE = /\.[cm]?[jt]sx?$/
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '/index.ts', '/index.js']

/**
 * What would no longer be found in a project of these files (path to text): a text merge sees lines, not that a file of
 * the user's own imports what the newer template has renamed. Only what is certain is told: relative imports and the
 * names in them, and files that scripts and exports of package.json name. Pure; `cache` spares parsing a text again.
 */
export function findDangling(
  files: ReadonlyMap<string, string>,
  cache: Map<string, Module | null> = new Map(),
): Dangling[] {
  const moduleAt = (path: string) => {
    const text = files.get(path) as string
    if (!cache.has(text)) cache.set(text, readModule(text))
    return cache.get(text)
  }
  const found: Dangling[] = []
  for (const [path, text] of files) {
    if (path === 'package.json') found.push(...danglingFiles(text, files))
    if (!MODULE.test(path) || path.endsWith('.d.ts')) continue
    for (const { line, from, names } of moduleAt(path)?.imports ?? []) {
      const wanted = posix.join(posix.dirname(path), from)
      const target = resolve(wanted, files)
      if (target === undefined) {
        // What has an ending of another kind is a file that was not looked at.
        if (!wanted.startsWith('../') && /^(\.[cm]?[jt]sx?)?$/.test(posix.extname(wanted)))
          found.push({ path, line, what: `there is no ${wanted}` })
        continue
      }
      const offered = MODULE.test(target) ? exportsOf(target, new Set()) : null
      for (const name of offered ? names.filter((name) => !offered.has(name)) : [])
        found.push({ path, line, what: `${target} exports no "${name}"` })
    }
  }
  return found

  function exportsOf(path: string, seen: Set<string>): Set<string> | null {
    const module = moduleAt(path)
    if (!module?.exports) return null
    const names = new Set(module.exports)
    seen.add(path)
    for (const from of module.passesOn) {
      const target = resolve(posix.join(posix.dirname(path), from), files)
      if (target === undefined || !MODULE.test(target)) return null
      if (seen.has(target)) continue
      const more = exportsOf(target, seen)
      if (!more) return null
      for (const name of more) if (name !== 'default') names.add(name)
    }
    return names
  }
}

/** Those of `after` that were not there before: what a project had of the kind already is its own business. */
export function newlyDangling(before: readonly Dangling[], after: readonly Dangling[]): Dangling[] {
  const known = new Set(before.map(({ path, what }) => `${path}\0${what}`))
  return after.filter(({ path, what }) => !known.has(`${path}\0${what}`))
}

/** The texts of a project once a plan is carried out. */
export function textsAfter(plans: readonly FilePlan[], texts: ReadonlyMap<string, string>): Map<string, string> {
  const after = new Map(texts)
  for (const plan of plans) {
    if (plan.kind === 'removed') after.delete(plan.path)
    if ('from' in plan && plan.from !== undefined) after.delete(plan.from)
  }
  for (const plan of plans) {
    if (plan.kind === 'created' || plan.kind === 'updated' || plan.kind === 'merged') after.set(plan.path, plan.text)
  }
  return after
}

/** The file that a specifier means: as it is, with an ending, or `.js` for what is written as `.ts`. */
function resolve(path: string, files: ReadonlyMap<string, string>): string | undefined {
  const typed = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  return [...ENDINGS.map((ending) => path + ending), typed].find((candidate) => files.has(candidate))
}

/** Null for what does not parse: the compiler tells that better. */
function readModule(text: string): Module | null {
  let file: ParseResult<File>
  try {
    file = parse(text.replace(/^\uFEFF/, ''), {
      sourceType: 'module',
      plugins: ['typescript', 'explicitResourceManagement'],
    })
  } catch {
    return null
  }
  const module: Module = { imports: [], exports: null, passesOn: [] }
  const exports = new Set<string>()
  let isKnown = true
  const take = (line: number, from: string, names: string[]) => {
    if (/^\.\.?\//.test(from)) module.imports.push({ line, from, names })
  }
  for (const node of file.program.body) {
    const line = node.loc?.start.line ?? 1
    if (node.type === 'ImportDeclaration') take(line, node.source.value, importedNames(node))
    else if (node.type === 'ExportAllDeclaration') {
      take(line, node.source.value, [])
      if (/^\.\.?\//.test(node.source.value)) module.passesOn.push(node.source.value)
      else isKnown = false
    } else if (node.type === 'ExportDefaultDeclaration') exports.add('default')
    else if (node.type === 'TSExportAssignment') isKnown = false
    else if (node.type === 'ExportNamedDeclaration') {
      if (node.declaration) for (const name of declaredNames(node.declaration)) exports.add(name)
      const names: string[] = []
      for (const specifier of node.specifiers) {
        exports.add(nameOf(specifier.exported))
        if (specifier.type === 'ExportSpecifier') names.push(specifier.local.name)
      }
      if (node.source) take(line, node.source.value, names)
    }
  }
  if (isKnown) module.exports = exports
  for (const { index, 1: from = '' } of text.matchAll(/\bimport\(\s*['"](\.\.?\/[^'"]+)['"]\s*\)/g))
    take(text.slice(0, index).split('\n').length, from, [])
  return module
}

const nameOf = (node: { type: string; name?: string; value?: string }) => node.name ?? node.value ?? ''

function importedNames(node: ImportDeclaration): string[] {
  return node.specifiers.flatMap((specifier) => {
    if (specifier.type === 'ImportDefaultSpecifier') return ['default']
    return specifier.type === 'ImportSpecifier' ? [nameOf(specifier.imported)] : []
  })
}

function declaredNames(node: Statement): string[] {
  if (node.type === 'VariableDeclaration') return node.declarations.flatMap(({ id }) => boundNames(id))
  return 'id' in node && node.id && 'name' in node.id ? [node.id.name as string] : []
}

/** The names in a pattern such as `{ a, b: [c] }`. */
function boundNames(node: object | null): string[] {
  if (node === null) return []
  const { type, name, ...parts } = node as Record<string, unknown>
  if (type === 'Identifier') return [name as string]
  const next = [parts.elements, parts.properties, parts.value, parts.argument, parts.left].flat()
  return next.flatMap((part) => (typeof part === 'object' ? boundNames(part) : []))
}

/** Files that scripts and exports name. One with a star stands for many. */
function danglingFiles(text: string, files: ReadonlyMap<string, string>): Dangling[] {
  let manifest: { scripts?: Record<string, unknown>; exports?: Record<string, unknown> }
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return []
  }
  const found: Dangling[] = []
  for (const section of ['scripts', 'exports'] as const) {
    for (const [key, value] of Object.entries(manifest?.[section] ?? {})) {
      if (typeof value !== 'string') continue
      for (const [name] of value.matchAll(/(?<![\w./*-])(?:\.\/)?[\w-][\w./-]*\.[cm]?ts(?![\w*])/g)) {
        const path = posix.normalize(name)
        if (files.has(path)) continue
        const line = text.slice(0, Math.max(0, text.indexOf(`"${key}"`))).split('\n').length
        found.push({ path: 'package.json', line, what: `${section}.${key} names ${path}, which is not there` })
      }
    }
  }
  return found
}
