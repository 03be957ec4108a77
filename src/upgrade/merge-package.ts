import { type JsonMerge, mergeJson } from './merge-json.ts'
import { higherRange } from './versions.ts'

const DEPENDENCIES = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies', 'engines']

/**
 * Merges a package.json key by key. The user's packages, scripts and versions stay; where both sides changed a version,
 * the range with the higher lower bound is taken. Lock files are for the package manager.
 */
export function mergePackage(
  ours: string,
  base: string | undefined,
  theirs: string,
  settle?: 'ours' | 'theirs',
): JsonMerge {
  return mergeJson(ours, base, theirs, {
    ...(settle && { settle }),
    choose: (path, a, b) =>
      path.length === 2 && DEPENDENCIES.includes(path[0] as string) && typeof a === 'string' && typeof b === 'string'
        ? higherRange(a, b)
        : undefined,
  })
}
