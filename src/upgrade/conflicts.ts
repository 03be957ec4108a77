import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../errors.ts'
import { MANIFEST, type ManifestFile, manifestText } from '../manifest.ts'
import { NAME } from '../version.ts'
import type { Write } from './apply.ts'
import { fingerprintOf, lookAt } from './disk.ts'
import { lineOfMarkers } from './merge-text.ts'
import type { Project } from './project.ts'
import { inStyleOf } from './text.ts'
import { CONFLICTS, permissions, SIDECARS } from './writes.ts'

export interface Standing {
  path: string
  /** What is still to be done; undefined once it is solved. */
  left: string | undefined
}

/** The conflicts that an upgrade left in a project, and which of them the user has solved. */
export function standingConflicts({ dir, manifest }: Project): Standing[] {
  return conflicted(manifest.files).map((file) => ({ path: pathOf(file), left: whatIsLeft(dir, pathOf(file)) }))
}

const conflicted = (files: readonly ManifestFile[]) => files.filter(({ conflict }) => conflict !== undefined)
const pathOf = ({ at, path }: ManifestFile) => at ?? path

/** Solved is what was deleted, what has changed and holds no markers, and what the user cleared of its texts. */
function whatIsLeft(dir: string, path: string): string | undefined {
  const found = lookAt(dir, path)
  if (found.kind !== 'file') return undefined
  const line = found.text === undefined ? undefined : lineOfMarkers(found.text)
  if (line !== undefined) return `conflict markers in line ${line}`
  const sidecars = SIDECARS.filter((ending) => existsSync(join(dir, `${CONFLICTS}/${path}.${ending}`)))
  if (sidecars.length === 0) return undefined
  const ours = lookAt(dir, `${CONFLICTS}/${path}.ours`)
  const isUntouched = ours.kind === 'file' && Buffer.compare(ours.bytes, found.bytes) === 0
  return isUntouched ? 'still as it was before the upgrade' : undefined
}

/** Throws where an upgrade left conflicts: the next one would merge against a text that is none of its own. */
export function refuseStanding(project: Project): void {
  const standing = standingConflicts(project)
  if (standing.length === 0) return
  throw conflictsLeft(standing)
}

export function conflictsLeft(standing: readonly Standing[]): CliError {
  const open = standing.filter(({ left }) => left !== undefined)
  const listed = standing.map(({ path, left }) => `  ${path}: ${left ?? 'solved'}`).join('\n')
  return new CliError(
    open.length > 0
      ? `${open.length} ${open.length === 1 ? 'conflict is' : 'conflicts are'} left by the last upgrade:\n${listed}`
      : `The conflicts of the last upgrade are solved, but it is not finished:\n${listed}`,
    {
      code: 'CONFLICTS_LEFT',
      exitCode: 3,
      hint: `Put what you want into each file (the texts lie in ${CONFLICTS}), then: npx ${NAME} upgrade --continue
To keep yours everywhere: upgrade --continue --conflict ours. To take it all back: upgrade --abort.`,
      details: { conflicts: standing },
    },
  )
}

/**
 * The writes that finish an upgrade whose conflicts are solved: their texts go, and the manifest calls the template's
 * text the base. With `theirs`, files that are not solved get the template's.
 */
export function settleConflicts(project: Project, habit: 'ours' | 'theirs' | undefined): Write[] {
  const { dir, manifest, bases } = project
  const write = (path: string, text: string | null): Write[] => {
    const before = fingerprintOf(lookAt(dir, path))
    return text === null && before === null ? [] : [{ path, text, mode: permissions(dir, path), before }]
  }
  const files = conflicted(manifest.files)
  const open = files.filter((file) => whatIsLeft(dir, pathOf(file)) !== undefined)
  const theirs =
    habit !== 'theirs'
      ? []
      : open.flatMap((file) => {
          const found = lookAt(dir, pathOf(file))
          const text = bases.get(file.conflict as string)
          if (text === undefined)
            throw new CliError(`The template's text of ${file.path} is not in .stoma/base.`, {
              code: 'NO_BASE',
              hint: 'Restore .stoma/base from version control.',
            })
          return write(
            pathOf(file),
            found.kind === 'file' && found.text !== undefined ? inStyleOf(found.text, text) : text,
          )
        })
  const sidecars = files.flatMap((file) =>
    SIDECARS.flatMap((ending) => write(`${CONFLICTS}/${pathOf(file)}.${ending}`, null)),
  )
  const settled = manifest.files.map(({ conflict, ...file }) =>
    conflict === undefined ? file : { ...file, base: conflict },
  )
  return [...theirs, ...sidecars, ...write(MANIFEST, manifestText({ ...manifest, files: settled }))]
}
