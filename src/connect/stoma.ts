import type { CallExpression, Node, ObjectExpression } from '@babel/types'
import { places, type Source } from '../parse.ts'
import { firstEntry, type Insertion, type Style } from './layout.ts'
import { bare, followed, type Names } from './names.ts'
import { NotUnderstood } from './refusal.ts'

const GATEWAY = 'createGateway'

/** A package called stoma in whatever scope; a module of the project itself is not it. */
const isStoma = (from: string) => !/^[./~#]|^@\//.test(from) && /(^|[/:])stoma(@[^/]+)?(\/|$)/.test(from)

/** The configurations that this module gives to Stoma's createGateway; undefined where it makes no gateway. */
export function gatewaysOf(source: Source, names: Names): ObjectExpression[] | undefined {
  const imported = names.imports.filter(
    ({ from, imported }) => isStoma(from) && (imported === GATEWAY || imported === '*'),
  )
  const twice = imported.find(({ local }) => names.declared.get(local) !== 1)
  if (twice) throw new NotUnderstood(source, source.program, `${twice.local} is declared more than once`)
  const configs = new Set<ObjectExpression>()
  let mentioned: Node | undefined
  for (const { node, around } of places(source.program)) {
    if (node.type === 'CallExpression' && imported.some((it) => calls(node, it))) {
      configs.add(configOf(node, source, names))
    } else if (node.type === 'Identifier' && around.at(-1)?.type !== 'ImportSpecifier') {
      const used = imported.some(({ local, imported }) => imported === GATEWAY && local === node.name)
      if (used) mentioned ??= node
    }
  }
  if (configs.size === 0 && mentioned) throw new NotUnderstood(source, mentioned, `${GATEWAY} is not called here`)
  return configs.size > 0 ? [...configs] : undefined
}

function calls({ callee }: CallExpression, { local, imported }: { local: string; imported: string }): boolean {
  if (imported === GATEWAY) return callee.type === 'Identifier' && callee.name === local
  return (
    callee.type === 'MemberExpression' &&
    !callee.computed &&
    callee.object.type === 'Identifier' &&
    callee.object.name === local &&
    callee.property.type === 'Identifier' &&
    callee.property.name === GATEWAY
  )
}

function configOf(call: CallExpression, source: Source, names: Names): ObjectExpression {
  const [argument] = call.arguments
  const config = argument && followed(argument, names)
  if (config?.type === 'ObjectExpression') return config
  throw new NotUnderstood(source, argument ?? call, `the configuration of ${GATEWAY} is no object in this file`)
}

/** What has to be put in so that `entry` comes first among the policies of a gateway; empty where `has` it already. */
export function addPolicy(
  source: Source,
  names: Names,
  config: ObjectExpression,
  entry: string,
  has: (policies: Node) => boolean,
  style: Style,
): Insertion[] {
  const { text } = source
  const at = config.properties.findIndex((it) => 'key' in it && !it.computed && nameOf(it.key) === 'policies')
  const spread = config.properties.slice(at + 1).find(({ type }) => type === 'SpreadElement')
  const property = config.properties[at]
  // With `has` first: what was put in by hand need not be a shape that could be changed here.
  if (property?.type === 'ObjectProperty' && has(property.value)) return []
  if (spread) throw new NotUnderstood(source, spread, 'the policies may come from what is spread here')
  if (!property) {
    const list = { open: start(config) + 1, close: end(config) - 1, first: config.properties[0]?.start ?? undefined }
    return [firstEntry(text, list, `policies: [${entry}]`, style)]
  }
  if (property.type !== 'ObjectProperty') throw new NotUnderstood(source, property, 'policies is no plain property')

  const list = listIn(property.value)
  if (list?.type === 'ArrayExpression') {
    const first = list.elements[0]?.start ?? undefined
    return [firstEntry(text, { open: start(list) + 1, close: end(list) - 1, first }, entry, style)]
  }
  const value = bare(property.value)
  if (value.type === 'Identifier' && listIn(followed(value, names))) {
    const key = property.shorthand ? 'policies: ' : ''
    return [
      { at: start(value), text: `${key}[${entry}, ...` },
      { at: end(value), text: ']' },
    ]
  }
  throw new NotUnderstood(source, property.value, 'policies is no list in this file')
}

/** The list literal of `[…]` or `[…].filter(Boolean)`. */
function listIn(node: Node) {
  let value = bare(node)
  if (value.type === 'CallExpression' && value.callee.type === 'MemberExpression') {
    const { property, object } = value.callee
    const [test] = value.arguments
    const keepsObjects = test?.type === 'Identifier' && test.name === 'Boolean'
    if (property.type === 'Identifier' && property.name === 'filter' && keepsObjects) value = bare(object)
  }
  return value.type === 'ArrayExpression' ? value : undefined
}

const nameOf = (key: Node) =>
  key.type === 'Identifier' ? key.name : key.type === 'StringLiteral' ? key.value : undefined
const start = (node: Node) => node.start as number
const end = (node: Node) => node.end as number
