import { relative } from 'node:path'
import { gitInit, install } from './after.ts'
import { type Args, parseCreateArgs } from './args.ts'
import { emit } from './emit.ts'
import { CliError, usageError } from './errors.ts'
import { helpText } from './help.ts'
import { MANIFEST, stateFiles } from './manifest.ts'
import { type Target, targetOf } from './names.ts'
import { detectPackageManager, insideRepository, spelling } from './pm.ts'
import { openPrompts } from './prompts.ts'
import {
  type Answers,
  answersOf,
  openQuestions,
  QUESTIONS,
  type Settings,
  type Situation,
  withDefaults,
} from './questions.ts'
import { render } from './render/index.ts'
import { ALL_DEPENDENCIES } from './render/package-json.ts'
import { quote, replayCommand, replayOf } from './replay.ts'
import { withSignals } from './signals.ts'
import { summary } from './summary.ts'
import { planTarget } from './target.ts'
import { integrityOf, readTemplates } from './templates.ts'
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

  const { target, settings } = await settle(args)
  const answers = answersOf(settings)
  const { files, replay } = await filesFor(target.name, answers, args.options.template)
  const plan = planTarget(target.dir, files, args.on.has('force'))

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
    next: nextSteps(target.dir, settings),
    replay,
  }
  if (!dryRun) {
    await withSignals((check) => emit(target.dir, plan, check))
    outcome.git = settings.git && (await startRepository(target.dir, args.given.git === true))
    if (settings.install) await install(target.dir, settings.pm)
    outcome.installed = settings.install
  }
  if (args.on.has('json')) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`)
  else process.stdout.write(summary({ ...outcome, paths: plan.map(({ path }) => path) }))
}

/** All that is to be written, state included, and the command that makes it again. */
async function filesFor(name: string, answers: Answers, template: string | undefined) {
  const templates = readTemplates()
  const integrity = integrityOf(templates)
  if (template === undefined) {
    const files = render(name, answers, templates)
    return { files: [...files, ...stateFiles(name, answers, integrity, files)], replay: replayOf(name, answers) }
  }
  // What fetches and unpacks is not loaded by anybody else.
  const { fetchOverlay, renderOver, overlayState, pinOf } = await import('./overlay/index.ts')
  const fetched = await fetchOverlay(template)
  const overlay = pinOf(fetched)
  const replay = replayOf(name, answers, { overlay })
  const files = renderOver(fetched.files, name, answers, templates, replay)
  const state = [overlayState(fetched), ...stateFiles(name, answers, integrity, files, { overlay })]
  return { files: [...files, ...state], replay }
}

/** Every answer: from the flags, then from the person, or from the defaults where --yes says so. */
async function settle({ dir, given, on, options }: Args): Promise<{ target: Target; settings: Settings }> {
  const cwd = process.cwd()
  const toTarget = (dir: string) => targetOf(dir, cwd, ALL_DEPENDENCIES)
  const named = dir === undefined ? undefined : toTarget(dir)
  if (on.has('yes')) {
    const target = named ?? toTarget(DEFAULT_DIR)
    return { target, settings: withDefaults(given, situationOf(target.dir)) }
  }
  const open = openQuestions(given)
  if ((named && open.length === 0) || on.has('json') || !canAsk()) {
    if (!named || open.length > 0) throw missing(dir, given, cwd, options.template)
    return { target: named, settings: withDefaults(given, situationOf(named.dir)) }
  }
  // Before the first question: nobody should answer eight of them for a folder that cannot be.
  if (named) planTarget(named.dir, [], on.has('force'))
  const { askForTarget, askForSettings } = await openPrompts(`${NAME} ${VERSION}`)
  const target = named ?? (await askForTarget(DEFAULT_DIR, cwd, on.has('force')))
  const situation = situationOf(target.dir)
  return { target, settings: withDefaults(await askForSettings(given, situation), situation) }
}

function situationOf(dir: string): Situation {
  const pm = detectPackageManager(process.env.npm_config_user_agent, dir)
  return { pm, insideRepository: insideRepository(dir) }
}

function missing(dir: string | undefined, given: Partial<Settings>, cwd: string, template?: string): CliError {
  const open = openQuestions(given)
  const names = [...(dir === undefined ? ['dir'] : []), ...open.map(({ flag }) => `--${flag}`)]
  const settings = withDefaults(given, situationOf(targetOf(dir ?? DEFAULT_DIR, cwd).dir))
  const command = replayCommand(dir ?? DEFAULT_DIR, answersOf(settings), [
    ...(template ? [`--template ${quote(template)}`] : []),
    ...toggles(given),
  ])
  return usageError(
    `Nobody can be asked here, and these answers are missing: ${names.join(', ')}.`,
    `Give them, or --yes for the defaults:\n  ${command}`,
    { missing: names, command },
  )
}

/** What was said about git and installing, to be said again. */
function toggles(given: Partial<Settings>): string[] {
  return QUESTIONS.filter(({ id, kind }) => kind === 'toggle' && given[id] !== undefined).map(
    ({ id, flag }) => `--${given[id] ? '' : 'no-'}${flag}`,
  )
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

function nextSteps(dir: string, settings: Settings): string[] {
  const { install, run } = spelling(settings.pm)
  const folder = relative(process.cwd(), dir)
  return [...(folder ? [`cd ${quote(folder)}`] : []), ...(settings.install ? [] : [install]), `${run} demo`]
}
