import { parse } from '@babel/parser'
import { diffIndices } from 'node-diff3'
import { canonical } from './text.ts'

/** A token, comments included; semicolons and trailing commas belong to the space before the next one. */
interface Token {
  /** Equal for tokens that mean the same: quotes of either kind, comments with other indentation. */
  key: string
  start: number
  end: number
}

/** More tokens than this are not compared: a comparison takes time with the square of it. */
const MOST_TOKENS = 20_000

/**
 * What was emitted and what the template has now, in the formatting of the user's version: where the code is the same,
 * its white space, quotes and semicolons are the user's. Line by line, only real edits are left to differ, so a project
 * that was put through another formatter merges like any other. Undefined where that cannot be told: no TypeScript or
 * JavaScript, or none that parses.
 */
export function inFormatOf(
  path: string,
  ours: string,
  base: string,
  theirs: string,
): { base: string; theirs: string } | undefined {
  if (!/\.[cm]?[jt]s$/.test(path)) return undefined
  const texts = [ours, base, theirs].map(canonical) as [string, string, string]
  const [a, o, b] = texts.map(tokensOf)
  if (!a || !o || !b || Math.max(a.length, o.length, b.length) > MOST_TOKENS) return undefined
  const oursOfBase = match(o, a)
  const baseOfTheirs = match(b, o)
  const oursOfTheirs = baseOfTheirs.map((index) => (index === undefined ? undefined : oursOfBase[index]))
  // A comma that was dropped along with brackets may be wrong elsewhere: then commas stay where they were.
  for (const takesCommas of [true, false]) {
    const like = { text: texts[0], tokens: a, takesCommas }
    const next = {
      base: write({ text: texts[1], tokens: o }, like, oursOfBase),
      theirs: write({ text: texts[2], tokens: b }, like, oursOfTheirs),
    }
    // Other tokens than before would be another program.
    if (isSameCode(tokensOf(next.base), o) && isSameCode(tokensOf(next.theirs), b)) return next
  }
  return undefined
}

const isSameCode = (one: readonly Token[] | undefined, other: readonly Token[]) =>
  one?.length === other.length && one.every(({ key }, index) => key === other[index]?.key)

interface Source {
  text: string
  tokens: readonly Token[]
}

/** The tokens of `from`; those that have a counterpart in `like` are written as they are there. */
function write(
  from: Source,
  like: Source & { takesCommas: boolean },
  counterparts: readonly (number | undefined)[],
): string {
  let result = ''
  for (const [index, token] of from.tokens.entries()) {
    const other = counterparts[index]
    const before = index > 0 ? counterparts[index - 1] : -1
    // What lies between two tokens is taken over only where both are neighbours there, too.
    const isNext = other !== undefined && before !== undefined && other === before + 1
    const own = spaceBefore(from, index)
    const space = isNext ? spaceBefore(like, other) : own
    result += like.takesCommas || space.includes(',') === own.includes(',') ? space : own
    const [source, { start, end }] = other === undefined ? [from, token] : [like, like.tokens[other] as Token]
    result += source.text.slice(start, end)
  }
  const last = counterparts.at(-1)
  const tail = last !== undefined && last === like.tokens.length - 1 ? like : from
  return result + tail.text.slice(tail.tokens.at(-1)?.end ?? 0)
}

const spaceBefore = ({ text, tokens }: Source, index: number) =>
  text.slice(index > 0 ? (tokens[index - 1] as Token).end : 0, (tokens[index] as Token).start)

/**
 * For each token of `from`, the index of the same one in `to`. Compared in groups of three, because single ones (brackets,
 * commas) are everywhere and would make it slow; what a group at an edge leaves out joins its neighbour.
 */
function match(from: readonly Token[], to: readonly Token[]): (number | undefined)[] {
  const keyAt = (tokens: readonly Token[], index: number) => tokens[index]?.key
  const groups = (tokens: readonly Token[]) =>
    tokens.map(({ key }, index) => `${key}\0${keyAt(tokens, index + 1)}\0${keyAt(tokens, index + 2)}`)
  const found: (number | undefined)[] = Array.from({ length: from.length })
  let [at, shift] = [0, 0]
  const runTo = (end: number) => {
    for (; at < end; at++) found[at] = at + shift
  }
  for (const { buffer1, buffer2 } of diffIndices(groups(from), groups(to))) {
    runTo(buffer1[0])
    at += buffer1[1]
    shift = buffer2[0] + buffer2[1] - at
  }
  runTo(from.length)
  const taken = new Set(found)
  const join = (index: number, neighbour: number, step: 1 | -1) => {
    const other = found[neighbour]
    if (found[index] !== undefined || other === undefined || taken.has(other + step)) return
    if (keyAt(from, index) !== keyAt(to, other + step)) return
    found[index] = other + step
    taken.add(other + step)
  }
  for (let index = 1; index < found.length; index++) join(index, index - 1, 1)
  for (let index = found.length - 2; index >= 0; index--) join(index, index + 1, -1)
  return found
}

/** The tokens of a module; undefined where it does not parse. */
function tokensOf(text: string): Token[] | undefined {
  let tokens: readonly BabelToken[]
  try {
    const file = parse(text, {
      sourceType: 'module',
      plugins: ['typescript', 'explicitResourceManagement'],
      tokens: true,
    })
    tokens = (file.tokens ?? []) as BabelToken[]
  } catch {
    return undefined
  }
  const kept: Token[] = []
  const open: string[] = []
  for (const [index, { type, value, start, end }] of tokens.entries()) {
    if (typeof type === 'string') {
      const lines = String(value).split('\n')
      kept.push({ key: `${type} ${lines.map((line) => line.trim()).join('\n')}`, start, end })
      continue
    }
    const { label } = type
    if (label === 'eof') continue
    if (/[([{]$/.test(label)) open.push(label)
    else if (/^[)\]}]/.test(label)) open.pop()
    // In the head of a `for`, and nowhere else, a semicolon stands right in parentheses, and is no matter of style.
    if (label === ';' && open.at(-1) !== '(') continue
    if (label === ',' && isTrailing(tokens, index)) continue
    kept.push({ key: `${label} ${value ?? ''}`, start, end })
  }
  return kept
}

interface BabelToken {
  /** A string for comments. */
  type: string | { label: string }
  value?: unknown
  start: number
  end: number
}

const labelOf = (token: BabelToken | undefined) => (typeof token?.type === 'object' ? token.type.label : undefined)

/** A comma before a closing bracket, but for the holes of `[,]`. */
function isTrailing(tokens: readonly BabelToken[], index: number): boolean {
  const code = (from: number, step: 1 | -1) => {
    let at = from
    while (typeof tokens[at]?.type === 'string') at += step
    return labelOf(tokens[at])
  }
  return [')', ']', '}'].includes(code(index + 1, 1) ?? '') && ![',', '['].includes(code(index - 1, -1) ?? ',')
}
