import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { CliError } from '../errors.ts'
import { MANIFEST, type Manifest, type ManifestFile } from '../manifest.ts'

const POLICY = 'src/policy/analytics.ts'
/** Folders that hold a workspace's packages, by habit. */
const SHELVES = ['packages', 'apps', 'services', 'workers', 'libs', 'tools']

export interface AnalyticsProject {
  dir: string
  name: string
  /** Where the module of the policy lies now, absolute. */
  policy: string
  /** On Workers Logpush takes what a gateway prints; elsewhere something has to keep it. */
  isWorker: boolean
}

/**
 * The analytics project that a gateway at `file` belongs to: `from`, or the nearest one, upwards from the file, that is
 * a folder itself, or lies in one or on one of its shelves.
 */
export function findProject(file: string, from: string | undefined): AnalyticsProject {
  if (from !== undefined) {
    if (isProject(from)) return openProject(from)
    throw noProject(`${from} is no analytics project: it has no ${MANIFEST}.`)
  }
  for (const folder of upwards(dirname(file))) {
    const near = [folder, ...folders(folder), ...SHELVES.flatMap((shelf) => folders(join(folder, shelf)))]
    const found = near.filter(isProject)
    if (found.length > 1) throw noProject(`There are several analytics projects around: ${found.join(', ')}.`)
    if (found[0]) return openProject(found[0])
    // What lies beside a repository is none of its business.
    if (existsSync(join(folder, '.git'))) break
  }
  throw noProject(`No analytics project is near ${file}.`)
}

/** How the module at `file` imports the policy: by package name where that resolves, else by a path. */
export function specifierFor(file: string, project: AnalyticsProject, imports: readonly string[]): string {
  const home = upwards(dirname(file)).find((folder) => existsSync(join(folder, 'package.json')))
  const foreign = home !== undefined && resolve(home) !== resolve(project.dir)
  if (foreign && resolves(dirname(file), project.name)) return `${project.name}/policy`
  const path = relative(dirname(file), project.policy).split(sep).join('/')
  const spelled = path.startsWith('.') ? path : `./${path}`
  // As its neighbours are imported. Where there are none, with .ts: every runtime and bundler takes that.
  const neighbours = imports.filter((from) => /^\.\.?\//.test(from))
  if (neighbours.length === 0 || neighbours.some((from) => from.endsWith('.ts'))) return spelled
  return neighbours.some((from) => from.endsWith('.js')) ? spelled.replace(/ts$/, 'js') : spelled.replace(/\.ts$/, '')
}

/** The name of the package around `file`, without its scope. */
export function packageNameAround(file: string): string | undefined {
  for (const folder of upwards(dirname(file))) {
    const { name } = readJson(join(folder, 'package.json')) ?? {}
    if (typeof name === 'string') return name.replace(/^@[^/]*\//, '')
  }
  return undefined
}

function resolves(from: string, name: string): boolean {
  return upwards(from).some((folder) => {
    const { dependencies, devDependencies } = (readJson(join(folder, 'package.json')) ?? {}) as Record<string, object>
    return name in { ...dependencies, ...devDependencies } || existsSync(join(folder, 'node_modules', name))
  })
}

function openProject(dir: string): AnalyticsProject {
  const manifest = readJson(join(dir, MANIFEST))
  const files = Array.isArray(manifest?.files) ? manifest.files : []
  const { at, path } = (files as ManifestFile[]).find(({ id }) => id === POLICY) ?? { path: POLICY }
  const policy = join(dir, at ?? path)
  if (typeof manifest?.name !== 'string') throw noProject(`${join(dir, MANIFEST)} cannot be read.`)
  if (!existsSync(policy)) throw noProject(`${policy} is gone, and it is what a gateway would import.`)
  const isWorker = (manifest as Partial<Manifest>).answers?.runtime === 'cloudflare'
  return { dir, name: manifest.name, policy, isWorker }
}

const isProject = (dir: string) => existsSync(join(dir, MANIFEST))

function folders(dir: string): string[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map(({ name }) => join(dir, name))
}

function upwards(dir: string): string[] {
  const parent = dirname(dir)
  return parent === dir ? [dir] : [dir, ...upwards(parent)]
}

function readJson(path: string): Record<string, unknown> | undefined {
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new CliError(`${path} is no JSON.`, { code: 'UNREADABLE', cause, hint: 'Nothing was changed.' })
  }
}

function noProject(message: string): CliError {
  const hint = 'Say which with --from <folder>, or make one: create-stoma-analytics <folder>. Nothing was changed.'
  return new CliError(message, { code: 'NO_PROJECT', hint })
}
