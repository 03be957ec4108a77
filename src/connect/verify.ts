import type { Node } from '@babel/types'
import { childrenOf, type Source } from '../parse.ts'
import type { Insertion } from './layout.ts'

/** A stretch of text that was put in. */
type Range = readonly [start: number, end: number]

/**
 * The tree without what was put in must be the tree there was: an insertion that joined two statements, or ended one
 * early, shows here. Throws where it does, before anything is written.
 */
export function assertOnlyAdded(before: Source, after: Source, insertions: readonly Insertion[]): void {
  let added = 0
  const ranges = [...insertions]
    .sort((a, b) => a.at - b.at)
    .map(({ at, text }): Range => {
      const start = at + added
      added += text.length
      return [start, start + text.length]
    })
  const [was, is] = [outline(before.program, []), outline(after.program, ranges)]
  if (JSON.stringify(was) !== JSON.stringify(is)) {
    throw new Error(`connecting ${before.path} would have changed more than it added, so it was left alone`)
  }
}

type Outline = string | Outline[] | null

/** A tree as types and names, with no positions; what lies in `ranges` is seen through. */
function outline(node: Node, ranges: readonly Range[]): Outline {
  const inserted = (start: number, end: number) => ranges.some(([from, to]) => start >= from && end <= to)
  const isNew = (node: Node) => inserted(node.start as number, lastToken(node).end as number)
  const opens = (node: Node) => inserted(node.start as number, (node.start as number) + 1)
  if (isNew(node)) return null
  // new Hono() became new Hono().use(…)
  if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && isNew(node.callee.property))
    return outline(node.callee.object, ranges)
  // policies became [analyticsLog(), ...policies]
  if (node.type === 'ArrayExpression' && opens(node)) {
    const rest = node.elements.find((element) => element && !isNew(element))
    if (rest?.type === 'SpreadElement') return outline(rest.argument, ranges)
  }
  const children = childrenOf(node)
    .map((child) => outline(child, ranges))
    .filter((child) => child !== null)
  // { policies } became { policies: [analyticsLog(), ...policies] }
  if (node.type === 'ObjectProperty' && (node.shorthand || isNew(node.key)))
    return ['ObjectProperty', ...children.slice(-1)]
  return [node.type, ...ownWords(node), ...children]
}

/** Without the semicolon, which may be one that stood there before, on the next line. */
function lastToken(node: Node): Node {
  if (node.type === 'ExpressionStatement') return node.expression
  return node.type === 'ImportDeclaration' ? node.source : node
}

const ownWords = (node: Node): string[] =>
  Object.entries(node)
    .filter(([key, value]) => !/^(type|start|end)$/.test(key) && /^(string|number|boolean)$/.test(typeof value))
    .map(([key, value]) => `${key}=${value}`)
