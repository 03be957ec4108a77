import { relative } from 'node:path'
import { spelling } from '../pm.ts'
import type { Answers } from '../questions.ts'
import { quote } from '../replay.ts'
import { colours } from '../terminal.ts'
import { NAME, VERSION } from '../version.ts'
import type { Check } from './checks.ts'
import type { Dangling } from './dangling.ts'
import type { Upgrade } from './index.ts'
import type { Project } from './project.ts'
import type { FilePlan, Kept, Kind, Place } from './types.ts'
import { CONFLICTS } from './writes.ts'

/** One file of the result, for people and for programs. */
export interface Line {
  path: string
  kind: Kind
  from?: string
  why?: string
  places?: Place[]
  notes?: string[]
}

/** What an upgrade did, or would do: the JSON of the command. */
export interface Outcome {
  ok: boolean
  command: 'upgrade'
  version: string
  /** The release that the project was at. */
  from: string
  dryRun: boolean
  dir: string
  answers: Answers
  changes: Upgrade['changes']
  meaning: string[]
  files: Line[]
  conflicts: number
  blocked: { path: string; why: string; hint: string }[]
  /** What no longer finds what it names, in the user's own files too. */
  dangling: Dangling[]
  /** Files written, those of `.stoma` too. */
  writes: number
  needsInstall: boolean
  checks?: Check[]
  next: string[]
}

export function outcomeOf({ dir, manifest }: Project, planned: Upgrade, { isDry }: { isDry: boolean }): Outcome {
  const { answers, changes, meaning, files, dangling, writes } = planned
  const conflicts = files.filter(({ kind }) => kind === 'conflict').length
  const blocked = files.flatMap((plan) =>
    plan.kind === 'blocked' ? [{ path: plan.path, why: plan.why, hint: plan.hint }] : [],
  )
  const needsInstall = files.some(
    ({ path, kind }) => path === 'package.json' && (kind === 'updated' || kind === 'merged'),
  )
  const isCode = files.some(({ kind }) => ['created', 'updated', 'merged', 'removed'].includes(kind))
  return {
    ok: conflicts === 0 && blocked.length === 0 && dangling.length === 0,
    command: 'upgrade',
    version: VERSION,
    from: manifest.generator.version,
    dryRun: isDry,
    dir,
    answers,
    changes,
    meaning,
    files: files.map(lineOf),
    conflicts,
    blocked,
    dangling,
    writes: writes.length,
    needsInstall,
    next: isDry || blocked.length > 0 ? [] : nextSteps(dir, answers, conflicts, needsInstall, isCode),
  }
}

function nextSteps(dir: string, { pm }: Answers, conflicts: number, needsInstall: boolean, isCode: boolean): string[] {
  const folder = relative(process.cwd(), dir)
  const enter = folder ? [`cd ${quote(folder)}`] : []
  if (conflicts > 0) return [...enter, `npx ${NAME} upgrade --continue`]
  const { install, run } = spelling(pm)
  return isCode ? [...enter, ...(needsInstall ? [install] : []), `${run} typecheck`, `${run} test`] : []
}

const KEPT: Record<Kept, string> = {
  edited: 'your edits',
  seed: 'yours to write',
  ejected: 'taken over by you',
  deleted: 'deleted by you',
  dropped: 'gone from the template; yours stays, with your edits: see what took its place',
  occupied: 'a file of yours is there already',
}

/** What is added where the template changed since the release that the project was at: said once, then recorded. */
const NEWS: Partial<Record<Kept, string>> = {
  seed: '; its template changed',
  deleted: '; its template changed (--restore brings it back)',
}

function lineOf(plan: FilePlan): Line {
  const { path, kind } = plan
  const line: Line = { path, kind }
  if ('from' in plan && plan.from !== undefined) line.from = plan.from
  if (plan.kind === 'kept') line.why = KEPT[plan.why] + ((plan.isNews && NEWS[plan.why]) || '')
  if (plan.kind === 'conflict' || plan.kind === 'blocked') line.why = plan.why
  if (plan.kind === 'conflict') line.places = plan.places
  if (plan.kind === 'merged' && plan.settled > 0)
    line.why = `${plan.settled} ${plan.settled === 1 ? 'place' : 'places'} settled as --conflict says`
  const notes = 'notes' in plan ? (plan.notes ?? []) : []
  if (notes.length > 0) line.notes = notes
  return line
}

/** The kinds in the order they are listed, and what a person reads. */
const WORDS: [Kind, string][] = [
  ['created', 'new'],
  ['updated', 'updated'],
  ['merged', 'merged'],
  ['removed', 'removed'],
  ['kept', 'kept yours'],
  ['conflict', 'conflict'],
  ['blocked', 'blocked'],
]

/** The outcome in words: one line a file that is not as the template has it, and the next step. */
export function describe(outcome: Outcome): string {
  const { bold, dim, cyan, green, red } = colours(process.stdout)
  const { files, from, version, dryRun, conflicts, meaning, changes } = outcome
  const count = (kind: Kind) => files.filter((file) => file.kind === kind).length
  const paint = (kind: Kind, text: string) =>
    kind === 'conflict' || kind === 'blocked' ? red(text) : kind === 'kept' ? dim(text) : green(text)
  const shown = WORDS.flatMap(([kind, word]) =>
    files
      .filter((file) => file.kind === kind)
      .flatMap(({ path, from, why, notes = [] }) => [
        `  ${paint(kind, word.padEnd(10))}  ${path}${from ? dim(` (was ${from})`) : ''}${why ? dim(`: ${why}`) : ''}`,
        ...notes.map((note) => `  ${' '.repeat(10)}    ${dim(note)}`),
      ]),
  )
  const counts = [...WORDS, ['unchanged', 'unchanged'] as const]
    .filter(([kind]) => count(kind) > 0)
    .map(([kind, word]) => `${count(kind)} ${word}`)
    .join(', ')
  const title = from === version ? `${version}` : `${from} → ${version}`
  const answered = changes.map(({ id, from, to }) => `  ${id}: ${from} → ${to}\n`).join('')
  const said = meaning.map((line) => `${line}\n`).join('')
  const lost = outcome.dangling.map(({ path, line, what }) => `  ${path}:${line}: ${what}\n`).join('')
  // What is blocked brings no new text, so whatever asks for that is not the user's to adapt.
  const adapt = lost && outcome.blocked.length === 0 && `\n${red('No longer found')}, and yours to adapt:\n${lost}`
  const body = `${shown.length > 0 ? `\n${shown.join('\n')}\n\n${counts}\n` : ''}${adapt || ''}`
  const head = `${bold(title)}\n${answered}${said}${body}`
  if (outcome.writes === 0 && outcome.blocked.length === 0) return `${head}Nothing to do: this project is up to date.\n`
  const [blocked] = outcome.blocked
  if (blocked) return `${head}\n${blocked.hint}\nNothing was written.\n`
  if (dryRun) return `${head}\n${bold('Dry run:')} nothing was written. \`${NAME} diff --upgrade\` shows every line.\n`
  if (conflicts > 0) {
    return `${head}
${red(`${conflicts} ${conflicts === 1 ? 'file needs' : 'files need'} you.`)} Everything else is done. Your versions are as they were, unless you asked for markers;
beside each, in ${CONFLICTS}, lie .ours, .base (as it was emitted), .theirs (the newer template) and .merged.
Put what you want into your file, then:
${outcome.next.map((command) => `  ${cyan(command)}`).join('\n')}
${dim('To take all of it back: upgrade --abort')}
`
  }
  const checks = outcome.checks
    ?.map(({ command, ok }) => `  ${ok ? green('passed') : red('failed')}  ${command}\n`)
    .join('')
  if (checks !== undefined) return `${head}\n${green('Done.')}\n${checks}`
  const next = outcome.next.map((command) => `  ${cyan(command)}`).join('\n')
  return `${head}\n${green('Done.')}${next && ` ${bold('Next:')}\n${next}`}\n`
}
