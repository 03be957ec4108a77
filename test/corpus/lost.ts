import { posix } from 'node:path'
import { parse } from '@babel/parser'
import { isModule, type Tree } from './tree.ts'

/**
 * Edits of one side that are not in the result: what it added and is missing, what it removed and is back. What the other
 * side did to the same elsewhere is allowed for. A conflict keeps the user's file as it is, so its edits must be there
 * just the same. Lines are compared, of modules pairs of neighbouring tokens and lines of comments: a formatter may have
 * been over them.
 */
export function lostEdits(base: Tree, mine: Tree, other: Tree, result: Tree): string[] {
  const trees = [base, mine, other, result] as const
  const lost: string[] = []
  for (const [unit, [was, is, theirs, now]] of countUnits(trees))
    if (is > was && now < is - Math.max(0, was - theirs)) lost.push(`+ ${unit}`)
  // What was removed from one file may well stand in a new one: only files that all have are looked at.
  const shared = [...base.keys()].filter((path) => trees.every((tree) => tree.has(path)))
  for (const path of shared) {
    const only = (tree: Tree) => new Map([[path, tree.get(path) as string]])
    for (const [unit, [was, is, theirs, now]] of countUnits([only(base), only(mine), only(other), only(result)]))
      if (is < was && now > is + Math.max(0, theirs - was)) lost.push(`- ${path}: ${unit}`)
  }
  return lost
}

type Counts = [number, number, number, number]

function countUnits(trees: readonly [Tree, Tree, Tree, Tree]): Map<string, Counts> {
  const texts = new Map<string, { path: string; text: string; counts: Counts }>()
  for (const [side, tree] of trees.entries()) {
    for (const [path, text] of tree) {
      const key = `${isModule(path)}${text}`
      const found = texts.get(key) ?? { path, text, counts: [0, 0, 0, 0] }
      found.counts[side] = (found.counts[side] ?? 0) + 1
      texts.set(key, found)
    }
  }
  const units = new Map<string, Counts>()
  for (const { path, text, counts } of texts.values()) {
    if (counts.every((count) => count === counts[0])) continue // says nothing about anybody's edits
    for (const unit of unitsOf(path, text)) {
      const sums = units.get(unit) ?? [0, 0, 0, 0]
      for (const [side, count] of counts.entries()) sums[side] = (sums[side] ?? 0) + count
      units.set(unit, sums)
    }
  }
  return units
}

const remembered = new Map<string, string[]>()

function unitsOf(path: string, text: string): string[] {
  const key = `${isModule(path)}${text}`
  const known = remembered.get(key) ?? ((isModule(path) && tokenPairs(text)) || lines(text))
  remembered.set(key, known)
  return known
}

/**
 * White space around a line and a comma at its end count for nothing: JSON moves both. Of two versions of a package the
 * higher one is taken, which loses nothing.
 */
const lines = (text: string) =>
  text
    .split('\n')
    .map((line) =>
      line
        .replace(/^\ufeff/, '')
        .trim()
        .replace(/,$/, '')
        .replace(/: "[~^>=]*\d[\d.]*"$/, ': "a version"'),
    )
    .filter(Boolean)

function tokenPairs(text: string): string[] | undefined {
  try {
    const { tokens } = parse(text.replace(/^\ufeff/, ''), {
      sourceType: 'module',
      plugins: ['typescript'],
      tokens: true,
    })
    const units: string[] = []
    let before = ''
    for (const { type, value } of tokens ?? []) {
      if (typeof type === 'string') {
        units.push(...lines(String(value)).map((line) => `// ${line.replace(/^\*\s*/, '')}`))
      } else if (type.label !== ';' && type.label !== ',') {
        // A module may have moved: its name is what the owner wrote.
        const token = /^\.{1,2}\//.test(value) ? posix.basename(value) : `${value ?? type.label}`
        units.push(`${before} ${token}`)
        before = token
      }
    }
    return units
  } catch {
    return undefined
  }
}
