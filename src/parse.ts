import { extname } from 'node:path'
import { type ParserPlugin, parse } from '@babel/parser'
import type { Comment, Node, Program } from '@babel/types'
import { CliError, messageOf } from './errors.ts'

/** A module as text and as a tree. Every `start` and `end` in the tree is an index into the text. */
export interface Source {
  path: string
  text: string
  program: Program
  comments: readonly Comment[]
}

/** A node and the nodes around it, the innermost last. */
export interface Place {
  node: Node
  around: readonly Node[]
}

/** Parses a module by the ending of its path. Throws UNPARSABLE with the line. */
export function parseModule(path: string, text: string): Source {
  const plugins: ParserPlugin[] = ['decorators-legacy', 'explicitResourceManagement']
  const ending = extname(path)
  if (/^\.[mc]?tsx?$/.test(ending)) plugins.push('typescript')
  // In plain .ts `<T>value` is an assertion of a type, everywhere else it would be an element.
  if (!/^\.[mc]?ts$/.test(ending)) plugins.push('jsx')
  try {
    // Behind a byte order mark a shebang is none to the parser: a comment of the same length keeps every index.
    const body = text.replace(/^\uFEFF#!/, ' //')
    const { program, comments } = parse(body, { sourceType: 'module', plugins, attachComment: false })
    return { path, text, program, comments: comments ?? [] }
  } catch (error) {
    const { line } = (error as { loc?: { line: number } }).loc ?? {}
    throw new CliError(`${path}${line ? `:${line}` : ''} cannot be parsed: ${messageOf(error)}`, {
      code: 'UNPARSABLE',
      details: { path, line },
      cause: error,
    })
  }
}

/** Every node below and including `root`, outermost first, in the order of the text. */
export function* places(root: Node, around: readonly Node[] = []): Generator<Place> {
  yield { node: root, around }
  const inside = [...around, root]
  for (const child of childrenOf(root)) yield* places(child, inside)
}

export function childrenOf(node: Node): Node[] {
  return Object.entries(node)
    .filter(([key]) => key !== 'loc' && key !== 'extra')
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** 1 for the first. */
export const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length
