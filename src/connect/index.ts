import type { Node } from '@babel/types'
import { CliError } from '../errors.ts'
import { lineOf, parseModule, places, type Source } from '../parse.ts'
import { addMiddleware } from './hono.ts'
import { type Insertion, insertAll, type Style, statementAfter, styleOf } from './layout.ts'
import { type Names, namesOf } from './names.ts'
import { NotUnderstood } from './refusal.ts'
import { addPolicy, gatewaysOf } from './stoma.ts'
import { assertOnlyAdded } from './verify.ts'

const POLICY = 'analyticsLog'

export interface Wanted {
  /** What to import the policy from, for a module with these relative imports. */
  specifierFor: (imports: readonly string[]) => string
  /** The name under which a Hono app logs; a Stoma gateway knows its own. */
  gatewayName: string | undefined
}

export interface Connected {
  framework: 'stoma' | 'hono'
  /** The text with the policy in it: the very text that was given where it had been there already. */
  text: string
  /** The lines that were added or changed, as they are now. */
  lines: { line: number; text: string }[]
}

/**
 * Puts the policy in front of whatever a gateway module does, by insertions alone. Pure.
 *
 * @throws CliError UNPARSABLE, or NOT_UNDERSTOOD with the lines to paste by hand
 */
export function connect(path: string, text: string, wanted: Wanted): Connected {
  const source = parseModule(path, text)
  const names = namesOf(source)
  const specifier = wanted.specifierFor(names.imports.map(({ from }) => from))
  try {
    const style = styleOf(text)
    const { framework, insertions } = insertionsFor(source, names, specifier, wanted, style)
    const connected = insertAll(text, insertions)
    if (insertions.length > 0) assertOnlyAdded(source, parseModule(path, connected), insertions)
    return { framework, text: connected, lines: linesOf(connected, insertions) }
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error
    const { message, code, details } = error
    const paste = byHand(specifier, wanted)
    throw new CliError(message, {
      code,
      hint: `Nothing was changed. By hand it takes the first line, and one of the others:\n${paste.join('\n')}`,
      details: { ...details, paste },
    })
  }
}

function insertionsFor(source: Source, names: Names, specifier: string, wanted: Wanted, style: Style) {
  const known = names.imports.find(({ imported }) => imported === POLICY)?.local
  if (!known && names.declared.has(POLICY)) {
    throw new NotUnderstood(source, source.program, `something else is called ${POLICY} here`)
  }
  const name = known ?? POLICY
  const calls = (node: Node) => callsOf(name, node, names)
  const framework = gatewaysOf(source, names) ? ('stoma' as const) : ('hono' as const)
  const insertions =
    gatewaysOf(source, names)?.flatMap((config) => addPolicy(source, names, config, `${name}()`, calls, style)) ??
    (usesMiddleware(source, calls) ? [] : addMiddleware(source, names, middleware(name, wanted, style), style))
  if (!insertions) {
    throw new NotUnderstood(source, source.program, 'neither createGateway of Stoma nor new Hono() is in this file')
  }
  if (insertions.length === 0) return { framework, insertions }

  const elsewhere = known && usesOf(known, source)
  if (elsewhere && framework === 'hono') {
    throw new NotUnderstood(source, elsewhere, `${known} is used here, but in no .use() of this file`)
  }
  return { framework, insertions: known ? insertions : [importOf(source, specifier, style), ...insertions] }
}

const middleware = (name: string, { gatewayName }: Wanted, { quote }: Style) =>
  `${name}(${gatewayName === undefined ? '' : `{ gatewayName: ${quote}${gatewayName}${quote} }`}).handler`

/** Is the policy called in this expression, or where a constant of it comes from? */
function callsOf(name: string, expression: Node, names: Names, seen: ReadonlySet<string> = new Set()): boolean {
  return [...places(expression)].some(({ node }) => {
    if (node.type !== 'Identifier' || seen.has(node.name)) return false
    if (node.name === name) return true
    const constant = names.constants.get(node.name)
    return constant !== undefined && callsOf(name, constant, names, new Set([...seen, node.name]))
  })
}

/** Is the policy given to a `.use()`, `.all()` or route of any app? */
function usesMiddleware(source: Source, calls: (node: Node) => boolean): boolean {
  return [...places(source.program)].some(
    ({ node }) =>
      node.type === 'CallExpression' &&
      node.callee.type === 'MemberExpression' &&
      node.callee.property.type === 'Identifier' &&
      /^(use|all|on|get|post|put|patch|delete)$/.test(node.callee.property.name) &&
      node.arguments.some(calls),
  )
}

function usesOf(local: string, source: Source): Node | undefined {
  const used = [...places(source.program)].find(
    ({ node, around }) =>
      node.type === 'Identifier' && node.name === local && around.at(-1)?.type !== 'ImportSpecifier',
  )
  return used?.node
}

/** After the last import: there is one, or nothing would have been found to connect. */
function importOf({ text, program }: Source, specifier: string, style: Style): Insertion {
  const last = program.body.findLast(({ type }) => type === 'ImportDeclaration') as Node
  const [end, { quote }] = [last.end as number, style]
  const code = text[end - 1] === ';' ? text.slice(0, end - 1).trimEnd().length : end
  return statementAfter(text, code, end, `import { ${POLICY} } from ${quote}${specifier}${quote}`, style)
}

/** What somebody types whose code is not understood. */
export function byHand(specifier: string, { gatewayName = 'my-gateway' }: Pick<Wanted, 'gatewayName'>): string[] {
  return [
    `import { ${POLICY} } from '${specifier}'`,
    `createGateway({ policies: [${POLICY}()] })   // a Stoma gateway: among its policies`,
    `app.use(${POLICY}({ gatewayName: '${gatewayName}' }).handler)   // a Hono app: before everything else`,
  ]
}

function linesOf(connected: string, insertions: readonly Insertion[]): Connected['lines'] {
  let added = 0
  const touched = new Set<number>()
  for (const { at, text } of [...insertions].sort((a, b) => a.at - b.at)) {
    const from = at + added
    const first = from + (/^[\r\n\s]*/.exec(text)?.[0].length ?? 0)
    added += text.length
    touched.add(lineOf(connected, first)).add(lineOf(connected, from + text.trimEnd().length - 1))
  }
  const all = connected.split(/\r?\n/)
  return [...touched].map((line) => ({ line, text: all[line - 1] as string }))
}
