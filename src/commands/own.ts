import { usageError } from '../errors.ts'
import { MANIFEST, type ManifestFile, manifestText } from '../manifest.ts'
import { withSignals } from '../signals.ts'
import { nearest } from '../suggest.ts'
import { apply, refuseUnfinished } from '../upgrade/apply.ts'
import { refuseStanding } from '../upgrade/conflicts.ts'
import { fingerprint, lookAt } from '../upgrade/disk.ts'
import { realFiles } from '../upgrade/files.ts'
import { readProject } from '../upgrade/project.ts'
import { permissions } from '../upgrade/writes.ts'
import { NAME, VERSION } from '../version.ts'
import { pathInProject, printJson, projectAround, readArgs } from './args.ts'

const HELP = `Hand files over to you for good, or take them back (${VERSION})

USAGE  ${NAME} eject <path…> [--json]
       ${NAME} adopt <path…> [--json]
       ${NAME} adopt <path> --was <path>

  eject         Upgrades leave the file alone from now on, and say so.
  adopt         They follow it again. Your edits stay: they are merged with all
                that came since.
  --was <path>  The file is an emitted one that you moved here and edited:
                upgrades follow it to where it is now.
`

const OPTIONS = { json: { type: 'boolean' }, was: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const

export const eject = (argv: readonly string[]) => own('eject', argv)
export const adopt = (argv: readonly string[]) => own('adopt', argv)

/** Changes the owner of files in the manifest, and nothing else. */
async function own(command: 'eject' | 'adopt', argv: readonly string[]): Promise<void> {
  const { values, positionals } = readArgs(argv, OPTIONS, `See ${NAME} ${command} --help.`)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (positionals.length === 0) throw usageError(`${command} takes the paths of files.`, HELP.trim())
  if (values.was !== undefined && (command === 'eject' || positionals.length > 1))
    throw usageError('--was goes with adopt, and with one path.')
  const dir = projectAround('.')
  refuseUnfinished(dir)
  const project = readProject(dir)
  refuseStanding(project)

  const files = [...project.manifest.files]
  const changed: string[] = []
  for (const typed of positionals) {
    const path = pathInProject(dir, typed) ?? typed
    const index = indexOf(files, values.was === undefined ? path : (pathInProject(dir, values.was) ?? values.was))
    const file = files[index] as ManifestFile
    const next = values.was === undefined ? owned(command, file) : movedTo(dir, file, path)
    if (next === file) continue
    files[index] = next
    changed.push(path)
  }
  if (changed.length > 0) {
    const text = manifestText({ ...project.manifest, files })
    const found = lookAt(dir, MANIFEST)
    const before = fingerprint(project.manifestText, found.kind === 'file' && found.isExecutable)
    const write = { path: MANIFEST, text, mode: permissions(dir, MANIFEST), before }
    await withSignals(async () => apply(dir, [write], { command, files: realFiles }))
  }
  if (values.json) return printJson({ ok: true, command, version: VERSION, files: changed })
  const done = command === 'eject' ? 'yours alone now: upgrades leave it be' : 'followed by upgrades again'
  process.stdout.write(
    changed.map((path) => `${path}: ${values.was ? 'followed to here' : done}\n`).join('') ||
      'Nothing to do: it is so already.\n',
  )
}

function indexOf(files: readonly ManifestFile[], path: string): number {
  const index = files.findIndex((file) => (file.at ?? file.path) === path)
  const found = index >= 0 ? index : files.findIndex((file) => file.path === path)
  if (found >= 0) return found
  const guess = nearest(
    path,
    files.map((file) => file.at ?? file.path),
  )
  throw usageError(
    `${path} is no emitted file.${guess ? ` Did you mean ${guess}?` : ''}`,
    `${NAME} status --all lists them.`,
  )
}

function owned(command: 'eject' | 'adopt', file: ManifestFile): ManifestFile {
  const { owner, was, ...rest } = file
  const { id, path, base, mode, ...more } = rest
  if (command === 'eject')
    return owner === 'ejected' ? file : { id, path, owner: 'ejected', base, mode, ...more, was: owner }
  return owner === 'ejected' ? { id, path, owner: was ?? 'managed', base, mode, ...more } : file
}

function movedTo(dir: string, file: ManifestFile, path: string): ManifestFile {
  if (lookAt(dir, path).kind !== 'file') throw usageError(`${path} is no file.`)
  if (lookAt(dir, file.at ?? file.path).kind !== 'missing' && (file.at ?? file.path) !== path)
    throw usageError(`${file.at ?? file.path} is still there: it was not moved.`)
  const { at: _, ...rest } = file
  return path === file.path ? rest : { ...rest, at: path }
}
