import { basename, relative } from 'node:path'
import { gitInit, install } from './after.ts'
import { answersOf, openQuestions, withDefaults } from './answers.ts'
import { type Args, parseCreateArgs } from './args.ts'
import { spellFlag } from './constraints.ts'
import { contentsOf, type Into } from './contents.ts'
import { emit } from './emit.ts'
import { CliError, usageError } from './errors.ts'
import { helpText } from './help.ts'
import type { Left } from './into/merge.ts'
import { MANIFEST } from './manifest.ts'
import { type Target, targetOf } from './names.ts'
import { detectPackageManager, insideRepository, spelling } from './pm.ts'
import { openPrompts } from './prompts.ts'
import type { Settings, Situation } from './questions.ts'
import { ALL_DEPENDENCIES } from './render/package-json.ts'
import { quote, replayCommand } from './replay.ts'
import { withSignals } from './signals.ts'
import { summary } from './summary.ts'
import { planTarget } from './target.ts'
import { canAsk, colours } from './terminal.ts'
import { NAME, VERSION } from './version.ts'

const DEFAULT_DIR = 'my-analytics'

/** `create [dir]`: settles the answers, plans the files, writes them, and prints what came of it. */
export async function create(argv: readonly string[]): Promise<void> {
  const args = parseCreateArgs(argv)
  if (args.on.has('help')) {
    process.stdout.write(await helpText(colours(process.stdout).on))
    return
  }
  if (args.on.has('version')) {
    process.stdout.write(`${VERSION}\n`)
    return
  }

  const into = args.options.into === undefined ? undefined : await import('./into/index.ts')
  const { target, settings } = await settle(args, into && existingIn(into, args))
  const answers = answersOf(settings)
  const { files, replay } = await contentsOf(target.name, answers, args.options.template, into)
  const { plan, left } = into
    ? into.planInto(target.dir, files, answers)
    : { plan: planTarget(target.dir, files, args.on.has('force')), left: [] }

  const dryRun = args.on.has('dry-run')
  const outcome = {
    ok: true,
    command: 'create',
    version: VERSION,
    dryRun,
    dir: target.dir,
    name: target.name,
    answers,
    files: plan.map(({ path, action }) => ({ path, action })),
    manifest: MANIFEST,
    git: false,
    installed: false,
    left,
    next: nextSteps(target.dir, settings, left),
    replay,
  }
  if (!dryRun) {
    await withSignals((check) => emit(target.dir, plan, check))
    outcome.git = settings.git && (await startRepository(target.dir, args.given.git === true))
    if (settings.install) await install(target.dir, settings.pm)
    outcome.installed = settings.install
  }
  if (args.on.has('json')) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`)
  else {
    const root = into ? basename(target.dir) : target.name
    process.stdout.write(summary({ ...outcome, name: root, paths: plan.map(({ path }) => path) }))
  }
}

function existingIn(into: Into, { dir, on, options }: Args): Target {
  if (dir !== undefined) throw usageError(`--into names the folder: ${JSON.stringify(dir)} is one too many.`)
  if (on.has('force')) throw usageError('--into overwrites nothing: --force does not go with it.')
  return into.existingProject(options.into as string, process.cwd())
}

/** Every answer: from the flags, then from the person, or from the defaults where --yes says so. */
async function settle(args: Args, existing: Target | undefined): Promise<{ target: Target; settings: Settings }> {
  const { dir, given, on } = args
  // A project that exists has a repository, or does without.
  const situation = ({ dir }: Target) => ({ ...situationOf(dir), ...(existing && { insideRepository: true }) })
  const cwd = process.cwd()
  const toTarget = (dir: string) => targetOf(dir, cwd, ALL_DEPENDENCIES)
  const named = existing ?? (dir === undefined ? undefined : toTarget(dir))
  if (on.has('yes')) {
    const target = named ?? toTarget(DEFAULT_DIR)
    return { target, settings: withDefaults(given, situation(target)) }
  }
  const open = openQuestions(given)
  if ((named && open.length === 0) || on.has('json') || !canAsk()) {
    if (!named || open.length > 0) throw missing(args, named, cwd)
    return { target: named, settings: withDefaults(given, situation(named)) }
  }
  // Before the first question: nobody should answer eight of them for a folder that cannot be.
  if (named && !existing) planTarget(named.dir, [], on.has('force'))
  const { askForTarget, askForSettings } = await openPrompts(`${NAME} ${VERSION}`)
  const target = named ?? (await askForTarget(DEFAULT_DIR, cwd, on.has('force')))
  const answered = await askForSettings(given, situation(target))
  return { target, settings: withDefaults(answered, situation(target)) }
}

function situationOf(dir: string): Situation {
  const pm = detectPackageManager(process.env.npm_config_user_agent, dir)
  return { pm, insideRepository: insideRepository(dir) }
}

function missing({ dir, given, options }: Args, target: Target | undefined, cwd: string): CliError {
  const open = openQuestions(given)
  const names = [...(target ? [] : ['dir']), ...open.map(({ flag }) => `--${flag}`)]
  const folder = options.into === undefined ? (dir ?? DEFAULT_DIR) : undefined
  const settings = withDefaults(given, situationOf(target?.dir ?? targetOf(folder ?? DEFAULT_DIR, cwd).dir))
  const said = Object.entries(options).map(([name, value]) => `--${name} ${quote(value)}`)
  const command = replayCommand(folder, answersOf(settings), [...said, ...toggles(given)])
  return usageError(
    `Nobody can be asked here, and these answers are missing: ${names.join(', ')}.`,
    `Give them, or --yes for the defaults:\n  ${command}`,
    { missing: names, command },
  )
}

/** What was said about git and installing, to be said again. */
function toggles(given: Partial<Settings>): string[] {
  return (['install', 'git'] as const).flatMap((id) => (given[id] === undefined ? [] : [spellFlag(id, given[id])]))
}

/** True when a repository was started. Only one that was asked for is worth failing over. */
async function startRepository(dir: string, asked: boolean): Promise<boolean> {
  const problem = await gitInit(dir)
  if (problem === undefined) return true
  const message = `git init did not work: ${problem}`
  if (asked) throw new CliError(message, { code: 'GIT_FAILED', hint: `The project is complete in ${dir}.` })
  process.stderr.write(`${message}\nThe project is complete without it.\n`)
  return false
}

function nextSteps(dir: string, settings: Settings, left: readonly Left[]): string[] {
  const { install, run } = spelling(settings.pm)
  const folder = relative(process.cwd(), dir)
  // A script of the project's own has that name: the command is typed out.
  const demo = left.find(({ key }) => key === 'scripts.demo')?.ours ?? `${run} demo`
  return [...(folder ? [`cd ${quote(folder)}`] : []), ...(settings.install ? [] : [install]), String(demo)]
}
