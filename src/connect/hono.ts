import type { NewExpression, Node } from '@babel/types'
import { type Place, places, type Source } from '../parse.ts'
import { freeLineEnd, type Insertion, indentAt, type Style, statementAfter } from './layout.ts'
import { bare, isTyping, type Names } from './names.ts'
import { NotUnderstood } from './refusal.ts'

const HONO =
  /^(?:npm:\/?|jsr:\/?|https:\/\/(?:esm\.sh|deno\.land\/x|jsr\.io)\/)?(?:@hono\/)?hono(?:@[\w.^~-]+)?(?:\/(?:tiny|quick|mod\.ts))?$/
const OPENAPI = /^(?:npm:\/?)?@hono\/zod-openapi(?:@[\w.^~-]+)?$/

interface App {
  creation: NewExpression
  /** Of @hono/zod-openapi: after `.use()` it is an ordinary Hono to the type checker. */
  openApi: boolean
  /** The outermost expression of the chain that begins with the creation, and what is around that. */
  whole: Node
  around: readonly Node[]
  chained: boolean
  /** The variable that holds it. */
  name: string | undefined
}

/** What has to be put in so that `middleware` comes first in the Hono app of a module; undefined where there is none. */
export function addMiddleware(source: Source, names: Names, middleware: string, style: Style): Insertion[] | undefined {
  const apps = appsOf(source, names)
  if (apps.length === 0) return undefined
  const app = mainApp(source, apps)
  return [asStatement(source, app, middleware, style) ?? asLink(source, app, middleware, style)]
}

function appsOf(source: Source, { imports, declared }: Names): App[] {
  const open = imports.filter(({ imported, from }) => imported === 'OpenAPIHono' && OPENAPI.test(from))
  const classes = [...imports.filter(({ imported, from }) => imported === 'Hono' && HONO.test(from)), ...open]
  const twice = classes.find(({ local }) => declared.get(local) !== 1)
  if (twice) throw new NotUnderstood(source, source.program, `${twice.local} is declared more than once`)
  return [...places(source.program)].flatMap((place) => {
    const { node } = place
    const isOf = ({ local }: { local: string }) =>
      node.type === 'NewExpression' && node.callee.type === 'Identifier' && node.callee.name === local
    return classes.some(isOf) ? [appAt(place, open.some(isOf))] : []
  })
}

function appAt({ node, around }: Place, openApi: boolean): App {
  let whole = node
  let depth = around.length
  let chained = false
  for (;;) {
    const [call, parent] = [around[depth - 2], around[depth - 1]]
    if (parent && isTyping(parent)) {
      whole = parent
      depth -= 1
    } else if (parent?.type === 'MemberExpression' && call?.type === 'CallExpression' && call.callee === parent) {
      chained = true
      whole = call
      depth -= 2
    } else break
  }
  const parent = around[depth - 1]
  const holder =
    parent?.type === 'VariableDeclarator'
      ? parent.id
      : parent?.type === 'AssignmentExpression'
        ? parent.left
        : undefined
  const name = holder?.type === 'Identifier' ? holder.name : undefined
  return { creation: node as NewExpression, openApi, whole, around: around.slice(0, depth), chained, name }
}

/** The app that the others are mounted on, or the one that is served. */
function mainApp(source: Source, apps: readonly App[]): App {
  const all = [...places(source.program)]
  const own = apps.filter((app) => !all.some(({ node }) => isMountOf(node, app)))
  if (own.length === 1) return own[0] as App
  const served = own.filter((app) => all.some((place) => serves(place, app)))
  if (served.length === 1) return served[0] as App
  const named = apps.map(({ name, creation }) => name ?? source.text.slice(creation.start ?? 0, creation.end ?? 0))
  throw new NotUnderstood(
    source,
    (own[1] ?? apps[1])?.creation ?? source.program,
    `there are several apps (${named.join(', ')}), and which one comes first is not clear`,
  )
}

/** `x.route('/path', app)`, `x.mount('/path', app.fetch)`. */
function isMountOf(node: Node, { name, whole }: App): boolean {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false
  const { property } = node.callee
  const mounted = node.arguments[1]
  if (property.type !== 'Identifier' || !/^(route|mount)$/.test(property.name) || !mounted) return false
  return bare(mounted) === bare(whole) || isAppOrMember(mounted, name)
}

/** `export default app`, `serve(app)`, `handle(app)`, and wherever `app.fetch` is handed on or called. */
function serves({ node }: Place, { name, whole }: App): boolean {
  if (node.type === 'ExportSpecifier') return node.local.name === name && lastName(node.exported) === 'default'
  if (node.type === 'MemberExpression') return lastName(node) === 'fetch' && isAppOrMember(node, name)
  const calls = node.type === 'CallExpression' && /^(serve|handle|handler|fire)$/.test(lastName(node.callee) ?? '')
  const given = node.type === 'ExportDefaultDeclaration' ? [node.declaration] : calls ? node.arguments : []
  return given.some((it) => bare(it) === bare(whole) || isAppOrMember(it, name))
}

function lastName(node: Node): string | undefined {
  const name = node.type === 'MemberExpression' ? node.property : node
  return name.type === 'Identifier' ? name.name : undefined
}

function isAppOrMember(node: Node, name: string | undefined): boolean {
  const value = bare(node)
  const object = value.type === 'MemberExpression' ? bare(value.object) : value
  return name !== undefined && object.type === 'Identifier' && object.name === name
}

/** `app.use(…)` right after the statement that makes the app; undefined where it is no statement of its own. */
function asStatement(source: Source, app: App, middleware: string, style: Style): Insertion | undefined {
  const { text } = source
  const [holder, statement] = [app.around.at(-1), app.around.at(-2)]
  if (app.chained || !holder || !statement) return undefined
  let target: string | undefined
  if (holder.type === 'VariableDeclarator' && statement.type === 'VariableDeclaration') {
    if (statement.declarations.length === 1) target = app.name
  } else if (holder.type === 'AssignmentExpression' && statement.type === 'ExpressionStatement') {
    const { left, operator } = holder
    const plain = left.type === 'Identifier' || (left.type === 'MemberExpression' && !left.computed)
    if (operator === '=' && plain) target = text.slice(left.start ?? 0, left.end ?? 0)
  }
  const exported = app.around.at(-3)?.type === 'ExportNamedDeclaration'
  const [whole, home] = exported ? [app.around.at(-3), app.around.at(-4)] : [statement, app.around.at(-3)]
  const inBlock = home?.type === 'Program' || home?.type === 'BlockStatement' || home?.type === 'StaticBlock'
  if (target === undefined || !inBlock) return undefined
  return statementAfter(text, holder.end as number, whole?.end as number, `${target}.use(${middleware})`, style)
}

/** `.use(…)` as the first link of the chain. */
function asLink(source: Source, { creation, openApi }: App, middleware: string, style: Style): Insertion {
  const { text } = source
  if (openApi) throw new NotUnderstood(source, creation, 'an OpenAPIHono needs a variable of its own for .use()')
  const end = creation.end as number
  const link = `${text[end - 1] === ')' ? '' : '()'}.use(${middleware})`
  const lineEnd = freeLineEnd(text, end)
  const next = lineEnd === undefined ? undefined : /^\s*(?:\/\/.*\s+)*(?=\.)/.exec(text.slice(lineEnd))
  if (lineEnd === undefined || !next) return { at: end, text: link }
  return { at: lineEnd, text: `${style.eol}${indentAt(text, lineEnd + next[0].length)}${link}` }
}
