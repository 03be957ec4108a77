import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { colours } from '../terminal.ts'
import { lookInto } from '../upgrade/disk.ts'
import { hasJournal, WORK } from '../upgrade/journal.ts'
import { readProject } from '../upgrade/project.ts'
import { movesNow, stateOf } from '../upgrade/state.ts'
import { NAME, VERSION } from '../version.ts'
import { printJson, projectAround, readArgs } from './args.ts'

const HELP = `Owner and state of every emitted file (${VERSION})

USAGE  ${NAME} status [dir] [--all] [--json]

  --all   List files that are as they were emitted, too.
  --json  Print one JSON document on stdout.

Owners: managed and merged follow newer releases, line by line or key by key;
a seed does so until you edit it; an ejected file is yours alone.
`

const OPTIONS = { all: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

/** `status [dir]`. */
export async function status(argv: readonly string[]): Promise<void> {
  const { values, positionals } = readArgs(argv, OPTIONS, `See ${NAME} status --help.`)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (positionals.length > 1) throw usageError(`Unexpected argument ${JSON.stringify(positionals[1])}.`)
  const dir = positionals[0] === undefined ? projectAround('.') : resolve(positionals[0])
  const project = readProject(dir)
  const { manifest, bases } = project
  const look = lookInto(dir)
  const moved = movesNow(project, look)
  const files = manifest.files.map((file) => {
    const { path, state } = stateOf(file, bases, look, moved)
    return { path, owner: file.owner, state, ...(path !== file.path && { from: file.path }) }
  })
  const interrupted = hasJournal(dir, WORK)
  const from = manifest.generator.version
  if (values.json) {
    return printJson({
      ok: true,
      command: 'status',
      version: VERSION,
      madeBy: from,
      interrupted,
      dir,
      answers: manifest.answers,
      files,
    })
  }
  const { bold, dim, red, cyan } = colours(process.stdout)
  const shown = files.filter(
    ({ state, owner, from }) => values.all || state !== 'unchanged' || owner === 'ejected' || from,
  )
  const lines = shown.map(({ path, owner, state, from }) => {
    const isWrong = state === 'conflict' || state === 'no base' || state === 'no file'
    return `  ${(isWrong ? red : (text: string) => text)(state.padEnd(10))}${dim(owner.padEnd(9))}${path}${from ? dim(` (was ${from})`) : ''}`
  })
  const rest = files.length - shown.length
  const news =
    from === VERSION ? '' : `This is ${VERSION}: ${cyan(`npx ${NAME} upgrade --dry-run`)} shows what it would bring.\n`
  const halt = interrupted ? `${red('An upgrade was interrupted:')} upgrade --continue, or --abort.\n` : ''
  process.stdout.write(`${bold(manifest.name)}, emitted by ${from}
${lines.length > 0 ? `\n${lines.join('\n')}\n\n` : ''}${rest > 0 ? `${rest} ${rest === 1 ? 'file is' : 'files are'} as emitted.\n` : ''}${news}${halt}`)
}
