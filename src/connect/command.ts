import { randomUUID } from 'node:crypto'
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { readArgs as readFlags } from '../commands/args.ts'
import { CliError, messageOf, usageError } from '../errors.ts'
import { colours } from '../terminal.ts'
import { NAME, VERSION } from '../version.ts'
import { type Connected, connect } from './index.ts'
import { type AnalyticsProject, findProject, packageNameAround, specifierFor } from './project.ts'

const HELP = `Put analyticsLog into an existing Stoma gateway or Hono app (${VERSION})

USAGE  ${NAME} connect <file> [flags]

  <file>           The module that calls createGateway or makes the Hono app.
  --from <folder>  The analytics project; by default the one nearest to it.
  --dry-run        Show the lines, write nothing.
  --json           Print one JSON document on stdout.

Every other byte of the file stays as it is. What is there already is not put
in twice.
`

/** `connect <file>`. Throws a CliError; prints what came of it. */
export async function connectCommand(argv: readonly string[]): Promise<void> {
  const { file, from, json, dryRun, help } = readArgs(argv)
  if (help) {
    process.stdout.write(HELP)
    return
  }
  const path = relative(process.cwd(), resolve(file)) || file
  const real = existing(file)
  const text = decode(path, readFileSync(real))
  const project = findProject(real, from)
  const connected = connect(path, text, {
    specifierFor: (imports) => specifierFor(real, project, imports),
    gatewayName: packageNameAround(real),
  })
  const changed = connected.text !== text
  if (changed && !dryRun) replace(real, text, connected.text)
  const outcome = {
    ok: true,
    command: 'connect',
    version: VERSION,
    dryRun,
    file: path,
    framework: connected.framework,
    action: changed ? 'connected' : 'same',
    lines: connected.lines,
    project: relative(process.cwd(), project.dir) || '.',
  }
  process.stdout.write(json ? `${JSON.stringify(outcome, null, 2)}\n` : words(outcome, connected, project))
}

function readArgs(argv: readonly string[]) {
  const options = {
    from: { type: 'string' },
    'dry-run': { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  const usage = `${NAME} connect <file> [--from <folder>] [--dry-run] [--json]`
  const { values, positionals } = readFlags(argv, options, usage)
  const { from, json = false, help = false, 'dry-run': dryRun = false } = values
  const [file, ...more] = positionals
  if (!help && (!file || more.length > 0)) throw usageError('connect takes one file.', usage)
  return { file: file ?? '', from: from && resolve(from), json, help, dryRun }
}

function existing(file: string): string {
  if (/\.c[jt]s$/.test(file) || !/\.[cm]?[jt]sx?$/.test(file)) {
    throw usageError(`${file} is no ECMAScript module.`, 'connect takes .ts, .tsx, .mts, .js, .jsx and .mjs.')
  }
  try {
    const real = realpathSync(file)
    if (statSync(real).isFile()) return real
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  throw usageError(`${file} is no file.`)
}

/** Only what comes back byte for byte: a stray Latin-1 letter must not become a question mark. */
function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new CliError(`${path} is not UTF-8.`, { code: 'NOT_UTF8', cause, hint: 'Nothing was changed.' })
  }
}

/** Whole or not at all, and only over the text that was looked at. */
function replace(path: string, before: string, after: string): void {
  const temporary = join(path, '..', `.${randomUUID()}.connect`)
  try {
    writeFileSync(temporary, after, { flag: 'wx', mode: statSync(path).mode & 0o777 })
    if (readFileSync(path, 'utf8') !== before) throw new Error('it was changed in the meantime')
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    const hint = 'Nothing was changed.'
    throw new CliError(`${path} was not written: ${messageOf(cause)}.`, { code: 'WRITE_FAILED', cause, hint })
  }
}

function words(
  { action, file, dryRun }: { action: string; file: string; dryRun: boolean },
  { lines }: Connected,
  { dir, isWorker }: AnalyticsProject,
): string {
  const { bold, dim, green, cyan } = colours(process.stdout)
  if (action === 'same') return `${file} is connected already: nothing to do.\n`
  const width = String(Math.max(...lines.map(({ line }) => line))).length
  const shown = lines.map(({ line, text }) => `  ${dim(String(line).padStart(width))}  ${text}`).join('\n')
  if (dryRun) return `${file} would read:\n${shown}\n\n${bold('Dry run:')} nothing was written.\n`
  const done = `${green('Connected')} ${bold(file)}:\n${shown}\n\nIt prints one JSON line a request`
  if (isWorker) return `${done}, which Logpush takes once its wrangler.jsonc says ${cyan('"logpush": true')}.\n`
  return `${done} to stdout. Keep the lines in files, from where ingest reads them:
  ${cyan(`node ${file} | npm run capture`)}   ${dim(`(in ${relative(process.cwd(), dir) || 'this folder'}), or pass a fileSink: its README says how`)}
`
}
