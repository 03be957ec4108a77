import { parseValue } from './answers.ts'
import { refuseImpossible } from './constraints.ts'
import { usageError } from './errors.ts'
import { QUESTIONS, type Settings } from './questions.ts'
import { nearest } from './suggest.ts'

/** What the first argument may be; otherwise it belongs to `create`. */
export const COMMANDS = ['create', 'connect', 'upgrade', 'diff', 'status', 'eject', 'adopt'] as const

/** Flags that are no question. */
export const SWITCHES = [
  { name: 'yes', short: 'y', help: 'Take the default for whatever is not given; ask nothing.' },
  { name: 'dry-run', help: 'Say what would be written, and write nothing.' },
  { name: 'json', help: 'Print one JSON document on stdout and nothing else there; ask nothing.' },
  { name: 'force', help: 'Write into a folder that is not empty: overwrites files of ours, deletes none.' },
  { name: 'help', short: 'h', help: 'Show this help.' },
  { name: 'version', short: 'v', help: 'Show the version.' },
] as const

/** Flags with a value that are no question either. */
export const OPTIONS = [
  { name: 'into', hint: 'folder', help: 'Move into a project that exists, sharing its package.json.' },
  {
    name: 'template',
    hint: 'source',
    help: 'Templates of your own over the built-in ones: gh:owner/repository/folder#ref.',
  },
] as const

export type Switch = (typeof SWITCHES)[number]['name']

export interface Args {
  dir: string | undefined
  given: Partial<Settings>
  /** Values of OPTIONS. */
  options: Partial<Record<(typeof OPTIONS)[number]['name'], string>>
  on: ReadonlySet<Switch>
}

type Flag = { name: string; kind: 'switch' | 'toggle' | 'value' }

const FLAGS: readonly Flag[] = [
  ...QUESTIONS.map(({ flag, kind }): Flag => ({ name: flag, kind: kind === 'toggle' ? 'toggle' : 'value' })),
  ...OPTIONS.map(({ name }): Flag => ({ name, kind: 'value' })),
  ...SWITCHES.map(({ name }): Flag => ({ name, kind: 'switch' })),
]
const SHORT = new Map<string, string>(SWITCHES.flatMap((flag) => ('short' in flag ? [[flag.short, flag.name]] : [])))
const SPELLINGS = FLAGS.flatMap(({ name, kind }) => (kind === 'toggle' ? [name, `no-${name}`] : [name]))

/**
 * The arguments of `create`, taken literally: an unknown flag, a second folder, a missing or unknown value and a flag
 * given twice are usage errors (util.parseArgs would take `--install false` for a folder called false).
 */
export function parseCreateArgs(argv: readonly string[]): Args {
  const dirs: string[] = []
  const values = new Map<string, string | boolean>()
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    if (arg === '--') {
      dirs.push(...argv.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      dirs.push(arg)
      continue
    }
    const { flag, on, inline } = readFlag(arg)
    const next = inline ?? argv[i + 1]
    let value: string | boolean = on
    if (flag.kind === 'value') {
      if (next === undefined || next === '' || (inline === undefined && /^-[^\d]/.test(next)))
        throw usageError(`--${flag.name} needs a value.`)
      value = next
      if (inline === undefined) i++
    } else if (inline !== undefined || /^(true|false|yes|no|on|off|[01])$/i.test(next ?? '')) {
      const instead = flag.kind === 'toggle' ? `--${flag.name} or --no-${flag.name}` : `--${flag.name} alone`
      throw usageError(`--${flag.name} takes no value (${next || 'empty'}).`, `Write ${instead}.`)
    }
    if (values.has(flag.name)) throw usageError(`--${flag.name} is given twice.`)
    values.set(flag.name, value)
  }
  if (dirs.length > 1) throw extraArgument(dirs)

  const given: Record<string, unknown> = {}
  for (const question of QUESTIONS) {
    const value = values.get(question.flag)
    if (value !== undefined) given[question.id] = typeof value === 'string' ? parseValue(question, value) : value
  }
  refuseImpossible(given)
  const options = Object.fromEntries(
    OPTIONS.flatMap(({ name }) => (values.has(name) ? [[name, values.get(name) as string]] : [])),
  )
  return {
    dir: dirs[0],
    given,
    options,
    on: new Set(SWITCHES.map(({ name }) => name).filter((name) => values.has(name))),
  }
}

function readFlag(arg: string): { flag: Flag; on: boolean; inline: string | undefined } {
  const [, dashes = '', spelled = '', , inline] = /^(--?)([^=]*)(=(.*))?$/s.exec(arg) ?? []
  const name = dashes === '-' ? (SHORT.get(spelled) ?? '') : spelled
  const on = !name.startsWith('no-')
  const flag = FLAGS.find((known) => known.name === (on ? name : name.slice(3)))
  if (!flag || (!on && flag.kind !== 'toggle')) {
    const guess = nearest(spelled, SPELLINGS)
    throw usageError(
      `Unknown flag ${dashes}${spelled}.${guess ? ` Did you mean --${guess}?` : ''}`,
      'See --help for the flags of this release.',
    )
  }
  return { flag, on, inline }
}

function extraArgument(dirs: readonly string[]) {
  const verb = nearest(dirs[0] as string, COMMANDS)
  const hint = verb ? `Did you mean the command ${verb}?` : 'One folder is all it takes; everything else is a flag.'
  return usageError(`Unexpected argument ${JSON.stringify(dirs[1])}.`, hint)
}
