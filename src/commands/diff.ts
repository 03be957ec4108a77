import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CliError, usageError } from '../errors.ts'
import { MANIFEST } from '../manifest.ts'
import { overlayNow } from '../overlay/upgrade.ts'
import { colours } from '../terminal.ts'
import { parseSet } from '../upgrade/answers.ts'
import { lookInto } from '../upgrade/disk.ts'
import { planUpgrade } from '../upgrade/index.ts'
import { unifiedDiff } from '../upgrade/line-diff.ts'
import { type Project, readProject } from '../upgrade/project.ts'
import { movesNow, stateOf } from '../upgrade/state.ts'
import { isSame } from '../upgrade/text.ts'
import { NAME, VERSION } from '../version.ts'
import { pathInProject, printJson, projectAround, readArgs } from './args.ts'

const HELP = `What you changed against what was emitted (${VERSION})

USAGE  ${NAME} diff [dir] [path…] [flags]

  --upgrade          What an upgrade would change in your files instead.
  --set <key=value>  With --upgrade: with another answer.
  --words            Mark changed words inside their line.
  --json             Print one JSON document on stdout.
`

const OPTIONS = {
  upgrade: { type: 'boolean' },
  set: { type: 'string', multiple: true },
  words: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

interface Difference {
  path: string
  before: string
  after: string
}

/** `diff [dir] [path…]`: prints unified diffs. */
export async function diff(argv: readonly string[]): Promise<void> {
  const { values, positionals } = readArgs(argv, OPTIONS, `See ${NAME} diff --help.`)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (values.set && !values.upgrade) throw usageError('--set goes with --upgrade.')
  const [first, ...rest] = positionals
  const isDir = first !== undefined && existsSync(join(first, MANIFEST))
  const dir = isDir ? resolve(first) : projectAround('.')
  const project = readProject(dir)
  const wanted = (isDir ? rest : positionals).map(
    (typed) => pathInProject(dir, isDir ? join(dir, typed) : typed) ?? typed,
  )
  const isWanted = (path: string) =>
    wanted.length === 0 || wanted.some((want) => path === want || path.startsWith(`${want}/`))
  const all = values.upgrade ? await ofUpgrade(project, values.set ?? []) : ofUser(project, isWanted)
  const known = new Set([...all.map(({ path }) => path), ...project.manifest.files.map(({ at, path }) => at ?? path)])
  const unknown = wanted.find((want) => ![...known].some((path) => path === want || path.startsWith(`${want}/`)))
  if (unknown !== undefined)
    throw usageError(`${unknown}: no file of this project was emitted there.`, `${NAME} status lists them.`)

  const differences = all.filter(({ path, before, after }) => isWanted(path) && !isSame(before, after))
  const { red, green, dim, bold } = colours(process.stdout)
  const plain = {
    red: (text: string) => text,
    green: (text: string) => text,
    dim: (text: string) => text,
    bold: (text: string) => text,
  }
  const show = ({ path, before, after }: Difference, paint: typeof plain) =>
    unifiedDiff(path, before, after, paint, values.words)
  if (values.json) {
    const files = differences.map((one) => ({ path: one.path, diff: show(one, plain) }))
    return printJson({ ok: true, command: 'diff', version: VERSION, upgrade: values.upgrade ?? false, files })
  }
  process.stdout.write(differences.map((one) => show(one, { red, green, dim, bold })).join('\n') || 'No difference.\n')
}

/** As emitted, and as it is, wherever the user moved it. Throws for a wanted file of which nobody knows what it was. */
function ofUser(project: Project, isWanted: (path: string) => boolean): Difference[] {
  const { dir, manifest, bases } = project
  const look = lookInto(dir)
  const moved = movesNow(project, look)
  const unknown: string[] = []
  const known = manifest.files.flatMap((file) => {
    const { path, found } = stateOf(file, bases, look, moved)
    const before = bases.get(file.base)
    if (before === undefined && isWanted(path)) unknown.push(path)
    if (before === undefined || (found.kind === 'file' && found.text === undefined)) return []
    return [{ path, before, after: found.kind === 'file' ? (found.text as string) : '' }]
  })
  if (unknown.length > 0) {
    const others = unknown.length > 1 ? ` Neither are those of ${unknown.length - 1} more.` : ''
    throw new CliError(`${unknown[0]}: the text it was emitted with is not in .stoma/base.${others}`, {
      code: 'NO_BASE',
      hint: 'Restore .stoma/base from version control; without it nobody can tell what you changed.',
      details: { files: unknown },
    })
  }
  return known
}

/** As it is, and as an upgrade would leave it. */
async function ofUpgrade(project: Project, set: readonly string[]): Promise<Difference[]> {
  const look = lookInto(project.dir)
  const textAt = (path: string) => {
    const found = look(path)
    return found.kind === 'file' ? (found.text ?? '') : ''
  }
  const news = await overlayNow(project.dir, project.manifest)
  return planUpgrade(project, { set: parseSet(set), news }).files.flatMap((plan): Difference[] => {
    const { path } = plan
    if (plan.kind === 'removed') return [{ path, before: textAt(path), after: '' }]
    if (plan.kind === 'conflict') return [{ path, before: plan.ours ?? '', after: plan.merged ?? plan.theirs }]
    return 'text' in plan ? [{ path, before: textAt(plan.from ?? path), after: plan.text }] : []
  })
}
