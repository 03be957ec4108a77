import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  problems: string[]
}

/**
 * Type-checks every tree and runs its tests, as `npm run typecheck` and `npm test` would there. A module's result depends
 * on what it imports and on the compiler's options, and on nothing else: so modules of which all that is equal are
 * checked once, by one compiler and one vitest for all trees. That turns a thousand projects into minutes.
 */
export async function check(trees: readonly Tree[]): Promise<Verdict[]> {
  mkdirSync(join(ROOT, '.tmp'), { recursive: true })
  const home = mkdtempSync(join(ROOT, '.tmp/corpus-'))
  const units = new Map<string, Unit>()
  const keys = trees.map((tree, index) => {
    const closureOf = closures(tree)
    const options = tree.get('tsconfig.json') ?? ''
    return [...tree.keys()].filter(isModule).map((path) => {
      const files = closureOf(path)
      const key = hash([path, options, ...files.map((file) => `${file}\0${tree.get(file)}`)].join('\0\0'))
      if (!units.has(key)) {
        units.set(key, { tree: index, path, problems: [] })
        for (const file of [...files, 'package.json', 'tsconfig.json'])
          write(join(home, folder(index), file), tree.get(file))
      }
      return { path, key }
    })
  })
  try {
    const byPlace = new Map([...units.values()].map((unit) => [`${folder(unit.tree)}/${unit.path}`, unit]))
    const types = await typeCheck(home, trees, [...units.values()])
    const tests = await runTests(home, [...byPlace.keys()].filter(isTest))
    return keys.map((modules) => {
      const told = (problems: ReadonlyMap<string, string[]>, wanted: (path: string) => boolean) =>
        modules.flatMap(({ path, key }) => {
          const unit = units.get(key) as Unit
          return wanted(path) ? (problems.get(`${folder(unit.tree)}/${unit.path}`) ?? []) : []
        })
      return { types: told(types, () => true), tests: told(tests, isTest) }
    })
  } finally {
    rmSync(home, { recursive: true })
  }
}

const folder = (tree: number) => `t${tree}`
const hash = (text: string) => createHash('sha256').update(text).digest('base64')

function write(file: string, text: string | undefined): void {
  if (text === undefined) return // an import that leads nowhere: the compiler says so
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** All that a module reaches by relative imports, itself included, sorted; missing ones too. */
function closures(tree: Tree): (path: string) => string[] {
  const direct = new Map<string, string[]>()
  return (path) => {
    const reached = new Set([path])
    for (const file of reached) {
      const text = tree.get(file)
      if (text === undefined || !isModule(file)) continue
      if (!direct.has(file)) direct.set(file, relativeOf(text, file).filter(isModule))
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
