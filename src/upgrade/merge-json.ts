import { applyEdits, type FormattingOptions, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import { canonical, readText } from './text.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Path = (string | number)[]

export interface JsonConflict {
  /** Such as `scripts.dev`. */
  key: string
  ours: Json | undefined
  theirs: Json | undefined
}

export interface JsonMerge {
  /** The user's text with the template's changes; where both changed a value, the one that `settle` says. */
  text: string
  conflicts: JsonConflict[]
  /** What the user is told: a value of theirs that the template wanted to change or remove, and that stays. */
  notes: string[]
}

/** Chooses between two values that both sides changed; undefined where it cannot. */
export type Choose = (path: readonly string[], ours: Json | undefined, theirs: Json) => Json | undefined

interface Options {
  settle?: 'ours' | 'theirs'
  choose?: Choose
}

/**
 * Merges JSON or JSONC key by key, by edits of the user's text: its comments, order and indentation stay. Without a
 * `base` both sides count as new, so equal keys with different values conflict. Throws where a text is no JSON.
 */
export function mergeJson(ours: string, base: string | undefined, theirs: string, options: Options = {}): JsonMerge {
  const style = readText(ours)
  const merge: JsonMerge = { text: canonical(ours), conflicts: [], notes: [] }
  const formattingOptions = styleOf(merge.text)
  const note = (text: string): void => {
    merge.notes.push(text)
  }
  const set = (path: Path, value: Json | undefined, before?: readonly string[]) => {
    const getInsertionIndex = before && ((keys: string[]) => indexAfter(keys, String(path.at(-1)), before))
    const edits = modify(merge.text, path, value, {
      formattingOptions,
      ...(getInsertionIndex && { getInsertionIndex }),
    })
    merge.text = applyEdits(merge.text, edits)
  }
  mergeValue([], readJson(ours), base === undefined ? undefined : readJson(base), readJson(theirs))
  merge.text = (style.hasBom ? '\uFEFF' : '') + merge.text.replace(/\n/g, style.eol)
  return merge

  function mergeValue(path: Path, a: Json | undefined, o: Json | undefined, b: Json | undefined, before?: string[]) {
    const key = path.join('.')
    if (isEqual(a, b) || isEqual(o, b)) return
    // Down to the single value, also where the user changed nothing in it: comments and order are theirs.
    if (isObject(a) && isObject(b)) {
      const was = isObject(o) ? o : {}
      const keys = Object.keys(b)
      for (const name of new Set([...Object.keys(was), ...keys])) {
        mergeValue([...path, name], own(a, name), own(was, name), own(b, name), keys)
      }
      return
    }
    const lists = [a, o ?? [], b].map(identities)
    if (lists.every((list) => list !== undefined)) return mergeLists(path, lists as Identities[])
    if (isEqual(a, o)) return set(path, b, before)
    if (a === undefined) return note(`${key} was removed by you; the template changed it`)
    if (b === undefined) return note(`${key} is gone from the template; your changed one stays`)
    const chosen = options.choose?.(path.map(String), a, b)
    if (chosen !== undefined) {
      if (!isEqual(chosen, a)) set(path, chosen)
      return
    }
    merge.conflicts.push({ key, ours: a, theirs: b })
    if (options.settle === 'theirs') set(path, b)
  }

  /** Lists are sets there: what the template added joins at the end, what it dropped goes, if the user left it alone. */
  function mergeLists(path: Path, [a, o, b]: Identities[]): void {
    const [ours, base, theirs] = [a, o, b] as [Identities, Identities, Identities]
    const indexOf = (name: string) => [...ours.keys()].indexOf(name)
    for (const [name, item] of theirs) {
      if (ours.has(name)) mergeValue([...path, indexOf(name)], ours.get(name), base.get(name), item)
      else if (!base.has(name)) set([...path, -1], item)
      else if (!isEqual(base.get(name), item))
        note(`${path.join('.')}: ${name} was removed by you; the template changed it`)
    }
    for (const name of [...ours.keys()].reverse()) {
      if (!base.has(name) || theirs.has(name)) continue
      if (isEqual(ours.get(name), base.get(name))) set([...path, indexOf(name)], undefined)
      else note(`${path.join('.')}: ${name} is gone from the template; your changed one stays`)
    }
  }
}

/** The value of a JSON text, comments and trailing commas allowed. Throws with the place of the first mistake. */
export function readJson(text: string): Json {
  const errors: ParseError[] = []
  const plain = canonical(text)
  const value = parse(plain, errors, { allowTrailingComma: true, disallowComments: false }) as Json | undefined
  const [error] = errors
  if (error || value === undefined) {
    const line = plain.slice(0, error?.offset ?? 0).split('\n').length
    throw new SyntaxError(`line ${line}: ${error ? printParseErrorCode(error.error) : 'nothing there'}`)
  }
  return value
}

type Identities = Map<string, Json>

/** What tells the items of a list apart in such files: a plain value itself, an object by one of these keys. */
const NAMES = ['binding', 'name', 'queue', 'pattern', 'tag']

/** The items of a list, each under what it is called; undefined where two are called alike or one cannot be told. */
function identities(list: Json | undefined): Identities | undefined {
  if (!Array.isArray(list)) return undefined
  const items = new Map<string, Json>()
  for (const item of list) {
    const name = isObject(item) ? NAMES.find((key) => typeof item[key] === 'string') : undefined
    if (isObject(item) ? name === undefined : Array.isArray(item)) return undefined
    items.set(isObject(item) ? `${name} ${item[name as string]}` : JSON.stringify(item), item)
  }
  return items.size === list.length ? items : undefined
}

/** Behind the key that the template has it behind; else at the end. */
function indexAfter(keys: readonly string[], name: string, order: readonly string[]): number {
  for (let at = order.indexOf(name) - 1; at >= 0; at--) {
    const found = keys.indexOf(order[at] as string)
    if (found >= 0) return found + 1
  }
  const next = order
    .slice(order.indexOf(name) + 1)
    .map((key) => keys.indexOf(key))
    .find((at) => at >= 0)
  return next ?? keys.length
}

function styleOf(text: string): FormattingOptions {
  const [, indent = '  '] = /^([ \t]+)\S/m.exec(text) ?? []
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length, eol: '\n' }
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Never a value from the prototype: a key may be called anything. */
const own = (object: { [key: string]: Json }, name: string) => (Object.hasOwn(object, name) ? object[name] : undefined)

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isEqual(item, b[at]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
}
