import { resolve } from 'node:path'
import { CliError, usageError } from '../errors.ts'
import { overlayNow } from '../overlay/upgrade.ts'
import { withSignals } from '../signals.ts'
import { parseSet } from '../upgrade/answers.ts'
import { abort, apply, refuseUnfinished, resume } from '../upgrade/apply.ts'
import { checkProject } from '../upgrade/checks.ts'
import { conflictsLeft, refuseStanding, settleConflicts, standingConflicts } from '../upgrade/conflicts.ts'
import { realFiles } from '../upgrade/files.ts'
import { dirtyPaths } from '../upgrade/git.ts'
import { planUpgrade, type Upgrade } from '../upgrade/index.ts'
import { type Project, readProject } from '../upgrade/project.ts'
import { describe, type Outcome, outcomeOf } from '../upgrade/report.ts'
import type { ConflictHabit } from '../upgrade/types.ts'
import { NAME, VERSION } from '../version.ts'
import { printJson, projectAround, readArgs } from './args.ts'

const HELP = `Bring the newer templates to a project, and lose no edit (${VERSION})

USAGE  ${NAME} upgrade [dir] [flags]

  --dry-run           Show what would be done, and write nothing.
  --check             Write nothing; exit 4 where there is something to do.
  --json              Print one JSON document on stdout.
  --set <key=value>   Change an answer: granularity=hour. May be repeated.
  --only <what>       Only a folder, a file, or \`adapters\` (storage, engines,
                      log formats).
  --conflict <habit>  Where you and the template changed the same place:
                      sidecar  yours stays, texts in .stoma/conflicts (default)
                      markers  the places are marked in your file
                      ours, theirs  yours, or the template's, in those places
                      fail     change nothing at all
  --restore           Bring back files that you deleted.
  --test              Afterwards install, type-check and test the project
                      (never while conflicts stand).
  --continue          Finish an upgrade that was interrupted, or whose
                      conflicts you have solved.
  --abort             Take it back: everything is as it was before.

It compares three texts of each file: as it was emitted (.stoma/base), yours,
and the newer template's. Git is not needed.
Exit codes: 0 done, 1 error, 2 wrong usage, 3 conflicts left (or imports that
lead nowhere), 4 --check found something.
`

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  check: { type: 'boolean' },
  json: { type: 'boolean' },
  set: { type: 'string', multiple: true },
  only: { type: 'string' },
  conflict: { type: 'string' },
  restore: { type: 'boolean' },
  test: { type: 'boolean' },
  continue: { type: 'boolean' },
  abort: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const HABITS: readonly ConflictHabit[] = ['sidecar', 'markers', 'ours', 'theirs', 'fail']

/** `upgrade [dir]`. Prints what came of it; throws a CliError. */
export async function upgrade(argv: readonly string[]): Promise<void> {
  const { values, positionals } = readArgs(argv, OPTIONS, `See ${NAME} upgrade --help.`)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (positionals.length > 1)
    throw usageError(`Unexpected argument ${JSON.stringify(positionals[1])}.`, 'One folder is all it takes.')
  const habit = readHabit(values.conflict)
  refuseTogether(values)
  const dir = positionals[0] === undefined ? projectAround('.') : resolve(positionals[0])
  const json = values.json ?? false
  if (values.abort) return takeBack(dir, json)
  if (values.continue) return goOn(dir, { json, test: values.test ?? false, habit })

  refuseUnfinished(dir)
  const project = readProject(dir)
  refuseStanding(project)
  const { only, restore = false, test = false } = values
  const news = await overlayNow(dir, project.manifest)
  const set = parseSet(values.set ?? [])
  const planned = planUpgrade(project, { set, only, restore, news, ...(habit && { habit }) })
  const outcome = outcomeOf(project, planned, { isDry: Boolean(values['dry-run'] || values.check) })
  if (!outcome.dryRun && planned.writes.length > 0) {
    refuseBlocked(outcome)
    refuseConflicts(outcome, habit)
    if (only !== undefined) refuseMisfit(outcome, only)
    refuseDirty(project, planned)
    await withSignals(async () => {
      apply(dir, planned.writes, { command: 'upgrade', files: realFiles, keepsUndo: outcome.conflicts > 0 })
    })
    if (test && outcome.conflicts + outcome.dangling.length === 0)
      outcome.checks = checkProject(dir, planned.answers.pm, outcome.needsInstall)
  }
  show(outcome, json)
  process.exitCode = exitCodeOf(outcome, values.check ?? false)
}

function readHabit(habit: string | undefined): ConflictHabit | undefined {
  if (habit === undefined || (HABITS as readonly string[]).includes(habit)) return habit as ConflictHabit | undefined
  throw usageError(`--conflict ${habit}: it is one of ${HABITS.join(', ')}.`)
}

function refuseTogether(values: Record<string, unknown>): void {
  const ends = ['continue', 'abort'].filter((name) => values[name])
  const others = ['dry-run', 'check', 'set', 'only', 'restore'].filter((name) => values[name])
  const [one, other] = [...ends, ...(ends.length > 0 ? others : [])]
  if (one && other) throw usageError(`--${one} and --${other} do not go together.`)
  if (values.only && values.set) {
    throw usageError(
      '--only and --set do not go together.',
      'Other answers change files everywhere: upgrade the whole project.',
    )
  }
}

function exitCodeOf(outcome: Outcome, check: boolean): number {
  if (outcome.blocked.length > 0) return 1
  if (check) return outcome.writes > 0 ? 4 : 0
  if (outcome.conflicts + outcome.dangling.length > 0) return 3
  return outcome.checks?.some(({ ok }) => !ok) ? 1 : 0
}

function refuseBlocked({ blocked }: Outcome): void {
  if (blocked.length === 0) return
  throw new CliError(
    `These files cannot be upgraded:\n${blocked.map(({ path, why }) => `  ${path}: ${why}`).join('\n')}`,
    { code: 'BLOCKED', hint: `${blocked[0]?.hint}\nNothing was changed.`, details: { blocked } },
  )
}

function refuseConflicts({ conflicts, files }: Outcome, habit: ConflictHabit | undefined): void {
  if (conflicts === 0 || habit !== 'fail') return
  const clashing = files.filter(({ kind }) => kind === 'conflict')
  throw new CliError(`Conflicts:\n${clashing.map(({ path, why }) => `  ${path}: ${why}`).join('\n')}`, {
    code: 'CONFLICTS',
    exitCode: 3,
    hint: 'Nothing was changed, as --conflict fail asks.',
    details: { conflicts: clashing },
  })
}

/** A part that does not fit the rest would leave a project that does not run. */
function refuseMisfit({ dangling, version }: Outcome, only: string): void {
  if (dangling.length === 0) return
  const listed = dangling.map(({ path, line, what }) => `  ${path}:${line}: ${what}`).join('\n')
  throw new CliError(
    `--only ${only} does not fit: the rest of the project is not made for ${version} yet.\n${listed}`,
    {
      code: 'ONLY_MISFITS',
      hint: 'Upgrade the whole project. Nothing was changed.',
      details: { dangling },
    },
  )
}

function refuseDirty({ dir }: Project, { writes }: Upgrade): void {
  const dirty = dirtyPaths(
    dir,
    writes.map(({ path }) => path).filter((path) => !path.startsWith('.stoma/')),
  )
  if (dirty.length === 0) return
  throw new CliError(
    `Git has uncommitted changes in files that the upgrade would write:\n${dirty.map((path) => `  ${path}`).join('\n')}`,
    {
      code: 'DIRTY',
      hint: 'Commit or stash them first, so that you can tell its changes from yours. Nothing was changed.',
      details: { dirty },
    },
  )
}

/** `--continue`: the rest of an interrupted run, or the end of one whose conflicts are solved. */
async function goOn(
  dir: string,
  { json, test, habit }: { json: boolean; test: boolean; habit: ConflictHabit | undefined },
): Promise<void> {
  if (habit && habit !== 'ours' && habit !== 'theirs')
    throw usageError(
      `--continue --conflict ${habit}: it is ours or theirs.`,
      'It says what becomes of files that are not solved yet.',
    )
  readProject(dir) // there must be one, before anything is said about it
  const isResumed = await withSignals(async () => resume(dir, realFiles))
  const project = readProject(dir)
  const standing = standingConflicts(project)
  if (standing.length > 0) {
    if (!habit && standing.some(({ left }) => left !== undefined)) throw conflictsLeft(standing)
    const writes = settleConflicts(project, habit as 'ours' | 'theirs' | undefined)
    await withSignals(async () => apply(dir, writes, { command: 'continue', files: realFiles }))
  }
  const isDone = isResumed || standing.length > 0
  const checks = test && isDone ? checkProject(dir, project.manifest.answers.pm ?? 'npm', true) : []
  const solved = standing.map(({ path }) => path)
  if (json) printJson({ ok: true, command: 'upgrade', continued: isDone, solved, checks, version: VERSION })
  else
    process.stdout.write(
      isDone
        ? `Done: this project is at ${VERSION}.\n`
        : 'Nothing to continue: no upgrade was interrupted, and no conflict is left.\n',
    )
  if (checks.some(({ ok }) => !ok)) process.exitCode = 1
}

/** `--abort`: the tree as it was before. */
async function takeBack(dir: string, json: boolean): Promise<void> {
  const undone = await withSignals(async () => abort(dir, realFiles))
  if (!undone) {
    const standing = standingConflicts(readProject(dir))
    if (standing.length > 0) {
      throw new CliError('What is needed to take this upgrade back is not in this copy of the project.', {
        code: 'NO_UNDO',
        hint: 'It stays where the upgrade ran. Here, use version control, or solve the conflicts and `upgrade --continue`.',
      })
    }
  }
  if (json)
    return printJson({ ok: true, command: 'upgrade', aborted: undone !== undefined, saved: undone?.saved ?? [] })
  const saved = undone?.saved.map((path) => `  ${path}\n`).join('') ?? ''
  if (!undone) process.stdout.write('Nothing to take back: no upgrade was interrupted, and no conflict is left.\n')
  else process.stdout.write(`Everything is as it was before.\n${saved && `What was edited since is kept:\n${saved}`}`)
}

function show(outcome: Outcome, json: boolean): void {
  if (json) printJson(outcome)
  else process.stdout.write(describe(outcome))
}
