import { type Json, mergeJson, readJson } from '../upgrade/merge-json.ts'
import { higherRange } from '../upgrade/versions.ts'

/** Something of the pipeline that the project has otherwise, and that stays as it is there. */
export interface Left {
  file: string
  /** Such as `scripts.dev`. */
  key: string
  yours: Json | undefined
  ours: Json | undefined
}

type Package = Record<string, Record<string, string> | undefined>

/** Sections in which npm looks for packages, the one that installs in production first. */
const DEPENDENCIES = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies']

/**
 * The project's package.json with what the pipeline needs: scripts, packages, and exports where it exports anything.
 * What is there stays, but for a version that is raised within its major. Text edits: order, indentation and line ends
 * stay. Throws SyntaxError where the project's is no JSON.
 */
export function mergePackageInto(theirs: string, ours: string): { text: string; left: Left[] } {
  const has = readJson(theirs) as Package
  const wants = JSON.parse(ours) as Package
  const elsewhere = (section: string, name: string) =>
    DEPENDENCIES.some((other) => other !== section && has[other]?.[name] !== undefined)
  const needed = (section: string) =>
    Object.fromEntries(Object.entries(wants[section] ?? {}).filter(([name]) => !elsewhere(section, name)))
  const part = {
    // A map of exports closes every other way in: one is not begun for a package that has none.
    ...(typeof has.exports === 'object' && { exports: wants.exports }),
    scripts: wants.scripts,
    dependencies: needed('dependencies'),
    devDependencies: needed('devDependencies'),
  }
  const { text, conflicts } = mergeJson(theirs, undefined, JSON.stringify(part), {
    choose: ([section = ''], yours, ours) =>
      DEPENDENCIES.includes(section) && typeof yours === 'string' && typeof ours === 'string'
        ? raised(yours, ours)
        : undefined,
  })
  const left = conflicts.map(({ key, ours, theirs }) => ({ file: 'package.json', key, yours: ours, ours: theirs }))
  return { text, left: [...left, ...notInProduction(has, wants)] }
}

/** The higher of two ranges of the same major; undefined where raising it could break what is there. */
function raised(yours: string, ours: string): string | undefined {
  const [a, b] = [yours, ours].map((range) => /(\d+)(?:\.(\d+))?/.exec(range))
  const isCompatible = a && b && a[1] === b[1] && (a[1] !== '0' || a[2] === b[2])
  return isCompatible ? higherRange(yours, ours) : undefined
}

/** Packages that the pipeline runs with, and that the project installs for development only. */
function notInProduction(has: Package, wants: Package): Left[] {
  return Object.entries(wants.dependencies ?? {}).flatMap(([name, ours]) =>
    has.devDependencies?.[name] !== undefined && has.dependencies?.[name] === undefined
      ? [{ file: 'package.json', key: `devDependencies.${name}`, yours: has.devDependencies[name], ours }]
      : [],
  )
}

/** The gateway's own wrangler.jsonc, so that Logpush takes its logs. Its comments and order stay. */
export function mergeGatewayConfig(file: string, theirs: string): { text: string; left: Left[] } {
  const { text, conflicts } = mergeJson(theirs, undefined, '{ "logpush": true }')
  return { text, left: conflicts.map(({ key, ours, theirs }) => ({ file, key, yours: ours, ours: theirs })) }
}
