import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse as parseModule } from '@babel/parser'
import { transformSync } from 'esbuild'
import { parse } from 'jsonc-parser'
import { isModule, isTest, relativeOf, type Tree } from './tree.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const BIN = join(ROOT, 'node_modules/.bin')

/** What the compiler and the project's own tests say of one tree. */
export interface Verdict {
  types: string[]
  tests: string[]
}

interface Unit {
  tree: number
  path: string
}

/**
 * Type-checks every tree and runs its tests, as `npm run typecheck` and `npm test` would there. A result depends on a
 * module and on what it imports, and on nothing else: for the compiler on their tokens and its options, for a test on
 * the JavaScript they are. So what is equal in that is checked once, by one compiler and one vitest for all trees. That
 * turns a thousand projects into minutes.
 */
export async function check(trees: readonly Tree[]): Promise<Verdict[]> {
  mkdirSync(join(ROOT, '.tmp'), { recursive: true })
  const home = mkdtempSync(join(ROOT, '.tmp/corpus-'))
  try {
    const types = new Units(trees, home, tokensOf)
    const tests = new Units(trees, home, javascriptOf)
    for (const [index, tree] of trees.entries()) {
      const modules = [...tree.keys()].filter(isModule)
      for (const path of modules) types.add(index, path, tree.get('tsconfig.json'))
      for (const path of modules.filter(isTest)) tests.add(index, path)
    }
    const wrong = await typeCheck(home, trees, [...types.units.values()])
    const failed = await runTests(home, [...tests.units.values()].map(placeOf))
    return trees.map((_, index) => ({ types: types.told(index, wrong), tests: tests.told(index, failed) }))
  } finally {
    rmSync(home, { recursive: true })
  }
}

const folder = (tree: number) => `t${tree}`
const placeOf = ({ tree, path }: Unit) => `${folder(tree)}/${path}`

/** Modules of many trees, those that come to the same only once. */
class Units {
  readonly units = new Map<string, Unit>()
  private readonly keys = new Map<number, string[]>()
  private readonly closures = new Map<number, (path: string) => string[]>()
  private readonly trees: readonly Tree[]
  private readonly home: string
  private readonly meaning: (text: string) => Meaning

  constructor(trees: readonly Tree[], home: string, meaning: (text: string) => Meaning) {
    this.trees = trees
    this.home = home
    this.meaning = meaning
  }

  add(index: number, path: string, options = ''): void {
    const tree = this.trees[index] as Tree
    const closureOf = this.closures.get(index) ?? closuresOf(tree, this.meaning)
    this.closures.set(index, closureOf)
    const files = closureOf(path)
    const meant = files.map((file) => `${file}\0${meaningAt(tree, file, this.meaning)?.hash}`)
    const key = hash([path, options, ...meant].join('\0\0'))
    if (!this.units.has(key)) {
      this.units.set(key, { tree: index, path })
      for (const file of [...files, 'package.json', 'tsconfig.json'])
        write(join(this.home, folder(index), file), tree.get(file))
    }
    this.keys.set(index, [...(this.keys.get(index) ?? []), key])
  }

  /** What was said of the units that stand for this tree's modules. */
  told(index: number, problems: ReadonlyMap<string, string[]>): string[] {
    return (this.keys.get(index) ?? []).flatMap((key) => problems.get(placeOf(this.units.get(key) as Unit)) ?? [])
  }
}

interface Meaning {
  hash: string
  imports: string[]
}

const remembered = new Map<(text: string) => Meaning, Map<string, Meaning>>()

function meaningAt(tree: Tree, path: string, meaning: (text: string) => Meaning): Meaning | undefined {
  const text = tree.get(path)
  if (text === undefined) return undefined
  const known = remembered.get(meaning) ?? new Map<string, Meaning>()
  remembered.set(meaning, known)
  if (!known.has(text)) known.set(text, meaning(text))
  return known.get(text)
}

/** All that the compiler sees: no comments, no white space, no kind of quotes. */
function tokensOf(text: string): Meaning {
  const imports = relativeOf(text, '')
  try {
    const { tokens } = parseModule(text.replace(/^\ufeff/, ''), {
      sourceType: 'module',
      plugins: ['typescript'],
      tokens: true,
    })
    const seen = (tokens ?? []).filter(({ type }: { type: unknown }) => typeof type === 'object')
    return { imports, hash: hash(JSON.stringify(seen.map(({ type, value }) => [type.label, value]))) }
  } catch {
    return { imports, hash: hash(text) }
  }
}

/** All that is there when it runs. */
function javascriptOf(text: string): Meaning {
  try {
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
    const { code } = transformSync(text, { loader: 'ts', target: 'node20', tsconfigRaw })
    return { imports: relativeOf(code, ''), hash: hash(code) }
  } catch {
    return { imports: relativeOf(text, ''), hash: hash(text) }
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64')

function write(file: string, text: string | undefined): void {
  if (text === undefined) return // an import that leads nowhere: the compiler says so
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** All that a module reaches by relative imports, itself included, sorted; missing ones too. */
function closuresOf(tree: Tree, meaning: (text: string) => Meaning): (path: string) => string[] {
  const direct = new Map<string, string[]>()
  return (path) => {
    const reached = new Set([path])
    for (const file of reached) {
      if (!isModule(file)) continue
      if (!direct.has(file)) {
        const imports = meaningAt(tree, file, meaning)?.imports ?? []
        direct.set(file, imports.map((to) => posix.join(posix.dirname(file), to)).filter(isModule))
      }
      for (const next of direct.get(file) as string[]) reached.add(next)
    }
    return [...reached].sort()
  }
}

/** One compiler for all trees of equal options. */
async function typeCheck(home: string, trees: readonly Tree[], units: Unit[]): Promise<Map<string, string[]>> {
  const problems = new Map<string, string[]>()
  const byOptions = new Map<string, Unit[]>()
  for (const unit of units) {
    const options = trees[unit.tree]?.get('tsconfig.json') ?? ''
    byOptions.set(options, [...(byOptions.get(options) ?? []), unit])
  }
  for (const [options, members] of byOptions) {
    const { compilerOptions } = parse(options.replace(/^\ufeff/, '')) ?? {}
    const config = join(home, 'tsconfig.json')
    const files = members.map(({ tree, path }) => `./${folder(tree)}/${path}`)
    writeFileSync(config, JSON.stringify({ compilerOptions, files }))
    const { output } = await run(join(BIN, 'tsc'), ['-p', config, '--pretty', 'false'], home)
    for (const line of output.split('\n')) {
      const [, place, message] = /^(?:\.\/)?(t\d+\/[^(]+)\(\d+,\d+\): (.*)/.exec(line) ?? []
      if (place && message)
        problems.set(place, [...(problems.get(place) ?? []), `${place.replace(/^t\d+\//, '')}: ${message}`])
      else if (/^error/.test(line)) throw new Error(`tsc: ${line}`)
    }
  }
  return problems
}

interface Report {
  testResults: { name: string; status: string; message: string; assertionResults: Assertion[] }[]
}
type Assertion = { status: string; fullName: string; failureMessages: string[] }

/** One vitest for all: modules are not isolated from each other, they lie at different paths anyway. */
async function runTests(home: string, tests: string[]): Promise<Map<string, string[]>> {
  const problems = new Map<string, string[]>()
  if (tests.length === 0) return problems
  const report = join(home, 'report.json')
  writeFileSync(
    join(home, 'vitest.config.mjs'),
    `export default { test: { include: ${JSON.stringify(tests)}, isolate: false, watch: false, maxWorkers: 2 } }\n`,
  )
  const args = ['run', '--root', home, '--config', join(home, 'vitest.config.mjs')]
  const { output } = await run(join(BIN, 'vitest'), [...args, '--reporter=json', `--outputFile=${report}`], home)
  let results: Report
  try {
    results = JSON.parse(readFileSync(report, 'utf8'))
  } catch (cause) {
    throw new Error(`vitest wrote no report: ${output.slice(-2000)}`, { cause })
  }
  const ran = new Set<string>()
  for (const { name, status, message, assertionResults } of results.testResults) {
    const place = name.slice(home.length + 1)
    ran.add(place)
    if (status === 'passed') continue
    const path = place.replace(/^t\d+\//, '')
    const failed = assertionResults.filter((assertion) => assertion.status === 'failed')
    const told = failed.map(
      ({ fullName, failureMessages }) => `${path}: ${fullName}: ${failureMessages[0]?.split('\n')[0]}`,
    )
    problems.set(place, told.length ? told : [`${path}: ${message.split('\n')[0]}`])
  }
  const missing = tests.filter((test) => !ran.has(test))
  if (missing.length) throw new Error(`vitest did not run ${missing.slice(0, 5)} (${missing.length} in all)`)
  return problems
}

/** Runs a child without what the test runner around it left in the environment. */
function run(file: string, args: string[], cwd: string): Promise<{ output: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST|^NODE_OPTIONS$/.test(name)))
  return new Promise((resolve) => {
    const options = { cwd, env: { ...env, NO_COLOR: '1', CI: '1' }, maxBuffer: 1 << 28 }
    execFile(file, args, options, (_error, stdout, stderr) => resolve({ output: stdout + stderr }))
  })
}
