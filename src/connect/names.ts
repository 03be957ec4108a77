import type { Expression, Node } from '@babel/types'
import { places, type Source } from '../parse.ts'

/** What `import` binds a local name to. A whole module is imported as `*`. */
export interface Import {
  local: string
  imported: string
  from: string
}

/** The names of a module. Scopes are not told apart: a name that is declared twice counts as not understood. */
export interface Names {
  imports: readonly Import[]
  /** How often a name is declared anywhere in the module, imports included. */
  declared: ReadonlyMap<string, number>
  /** `const name = value`, for names that are declared once. */
  constants: ReadonlyMap<string, Expression>
}

export function namesOf({ program }: Source): Names {
  const imports: Import[] = []
  const declared = new Map<string, number>()
  const constants = new Map<string, Expression>()
  const declare = (pattern: Node | null | undefined) => {
    for (const name of boundNames(pattern)) declared.set(name, (declared.get(name) ?? 0) + 1)
  }
  for (const { node, around } of places(program)) {
    if (node.type === 'ImportDeclaration' && node.importKind !== 'type') {
      for (const specifier of node.specifiers) {
        declare(specifier.local)
        if (specifier.type === 'ImportSpecifier' && specifier.importKind === 'type') continue
        imports.push({ local: specifier.local.name, imported: importedName(specifier), from: node.source.value })
      }
    } else if (node.type === 'VariableDeclarator') {
      declare(node.id)
      const declaration = around.at(-1)
      const fixed = declaration?.type === 'VariableDeclaration' && declaration.kind === 'const'
      if (fixed && node.id.type === 'Identifier' && node.init) constants.set(node.id.name, node.init)
    } else if ('params' in node) {
      for (const parameter of node.params as Node[]) declare(parameter)
      if ('id' in node) declare(node.id as Node | null)
    } else if (node.type === 'ClassDeclaration' || node.type === 'CatchClause') {
      declare(node.type === 'CatchClause' ? node.param : node.id)
    }
  }
  for (const [name, times] of declared) if (times > 1) constants.delete(name)
  return { imports, declared, constants }
}

function importedName(specifier: { type: string; imported?: { type: string; name?: string; value?: string } }): string {
  if (specifier.type === 'ImportNamespaceSpecifier') return '*'
  return specifier.imported?.name ?? specifier.imported?.value ?? 'default'
}

/** The names that a pattern binds. */
function boundNames(pattern: Node | null | undefined): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((it) => boundNames(it.type === 'RestElement' ? it.argument : it.value))
    case 'ArrayPattern':
      return pattern.elements.flatMap(boundNames)
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    case 'RestElement':
      return boundNames(pattern.argument)
    case 'TSParameterProperty':
      return boundNames(pattern.parameter)
    default:
      return []
  }
}

/** Without what only the type checker sees: `x as T`, `x satisfies T`, `x!`, `<T>x`. */
export function bare(node: Node): Node {
  return isTyping(node) ? bare(node.expression) : node
}

export const isTyping = (node: Node) =>
  node.type === 'TSAsExpression' ||
  node.type === 'TSSatisfiesExpression' ||
  node.type === 'TSNonNullExpression' ||
  node.type === 'TSTypeAssertion'

/** The value of an expression as far as this module shows it: names of constants are followed. */
export function followed(node: Node, { constants }: Names): Node {
  const value = bare(node)
  const constant = value.type === 'Identifier' ? constants.get(value.name) : undefined
  return constant ? bare(constant) : value
}
