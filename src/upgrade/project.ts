import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError, messageOf } from '../errors.ts'
import { BASES, MANIFEST, type Manifest, type ManifestFile, SCHEMA, sha256 } from '../manifest.ts'
import { NAME, VERSION } from '../version.ts'
import { lineOfConflict } from './merge-text.ts'
import { isSafePath } from './paths.ts'
import { compareVersions } from './versions.ts'

/** An emitted project as its state files tell. */
export interface Project {
  /** Absolute. */
  dir: string
  manifest: Manifest
  /** The manifest's own bytes: it is written anew only where it says something else. */
  manifestText: string
  /** Every base text, by hash. A text that does not fit its hash counts as missing. */
  bases: ReadonlyMap<string, string>
}

/** Reads the manifest and the base texts of the project in `dir`. Refuses what an upgrade must not build on. */
export function readProject(dir: string): Project {
  const manifestText = readManifestText(dir)
  const manifest = parseManifest(manifestText)
  return { dir, manifest, manifestText, bases: readBases(dir) }
}

function readManifestText(dir: string): string {
  try {
    return readFileSync(join(dir, MANIFEST), 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause
    throw new CliError(`${dir} has no ${MANIFEST}: it is no project that ${NAME} made, or its state was deleted.`, {
      code: 'NO_MANIFEST',
      hint: `Run it in the folder of the project. A deleted .stoma/ comes back from version control; nothing else knows what was emitted.`,
      cause,
    })
  }
}

/** The manifest of this or any earlier schema. Throws where it is newer, in conflict, or was edited into something else. */
export function parseManifest(text: string): Manifest {
  const conflict = lineOfConflict(text)
  if (conflict !== undefined) {
    throw broken(
      `${MANIFEST}:${conflict} holds conflict markers of a merge.`,
      'Take one side of each (every base text of both branches is still in .stoma/base), then run this again.',
    )
  }
  let value: Partial<Manifest> | null
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw broken(`${MANIFEST} is no JSON: ${messageOf(error)}.`)
  }
  const schema = Number(value?.schema)
  if (schema > SCHEMA) throw newer(`schema ${schema}, and this release knows ${SCHEMA}`)
  const problem = problemOf(value)
  if (problem) throw broken(`${MANIFEST}: ${problem}.`)
  const manifest = value as Manifest
  const order = compareVersions(manifest.generator.version, VERSION)
  if (order === undefined) throw broken(`${MANIFEST}: "${manifest.generator.version}" is no version.`)
  if (order > 0) throw newer(`release ${manifest.generator.version}, and this is ${VERSION}`)
  return manifest
}

function problemOf(value: Partial<Manifest> | null): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no object'
  if (value.schema !== SCHEMA) return `"schema" is ${JSON.stringify(value.schema)}`
  if (typeof value.generator?.version !== 'string') return '"generator.version" is missing'
  if (typeof value.name !== 'string') return '"name" is missing'
  if (typeof value.template?.integrity !== 'string') return '"template.integrity" is missing'
  if (typeof value.answers !== 'object' || value.answers === null) return '"answers" is missing'
  if (!Array.isArray(value.files)) return '"files" is no list'
  const ids = new Set<string>()
  for (const [index, file] of value.files.entries()) {
    const problem = fileProblem(file)
    if (problem) return `file ${index + 1} (${JSON.stringify(file?.id)}): ${problem}`
    if (ids.has(file.id)) return `"${file.id}" is listed twice`
    ids.add(file.id)
  }
  return undefined
}

const OWNERS = ['managed', 'merged', 'seed', 'ejected']

function fileProblem(file: Partial<ManifestFile> | null): string | undefined {
  if (typeof file?.id !== 'string') return '"id" is missing'
  // What a manifest names is read and written: nothing outside the project, and nothing of ours or of git.
  for (const path of [file.path, ...(file.at === undefined ? [] : [file.at])])
    if (typeof path !== 'string' || !isSafePath(path)) return `${JSON.stringify(path)} is no path inside the project`
  if (!OWNERS.includes(String(file.owner))) return `its owner is ${JSON.stringify(file.owner)}`
  if (file.mode !== '644' && file.mode !== '755') return `its mode is ${JSON.stringify(file.mode)}`
  for (const hash of [file.base, ...(file.conflict === undefined ? [] : [file.conflict])])
    if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return `${JSON.stringify(hash)} is no hash`
  return undefined
}

function readBases(dir: string): Map<string, string> {
  const bases = new Map<string, string>()
  let packs: Dirent[] = []
  try {
    packs = readdirSync(join(dir, BASES), { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  for (const { name } of packs.filter((entry) => entry.isFile() && entry.name.endsWith('.json'))) {
    for (const [hash, text] of Object.entries(readPack(join(dir, BASES, name)))) {
      if (typeof text === 'string' && sha256(text) === hash) bases.set(hash, text)
    }
  }
  return bases
}

/** A pack that was damaged has no text to give: files that need one of them are named by the plan. */
function readPack(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function broken(message: string, hint = 'Restore it from version control.'): CliError {
  return new CliError(message, { code: 'MANIFEST_BROKEN', hint: `${hint} Nothing was changed.` })
}

function newer(what: string): CliError {
  return new CliError(`This project was made by a newer ${NAME}: ${what}.`, {
    code: 'MANIFEST_NEWER',
    hint: `Use that release or a later one: npx ${NAME}@latest upgrade. Nothing was changed.`,
  })
}
