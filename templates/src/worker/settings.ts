import { parseArgs } from 'node:util'
import { config } from '../../analytics.config.ts'
import type { Settings } from '../wiring.ts'

/** Something in the command line that cannot be meant: exit code 2. */
export class UsageError extends Error {}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Flags besides the settings, with the kinds of their values. */
const FLAGS = { from: '', to: '', route: '', compare: '', json: false, text: false, check: false, 'dry-run': false }
/** Who takes more of them than `json` and `text`. */
const TAKES: Record<string, string> = { report: 'from to route compare check', replay: 'from to', retention: 'dry-run' }
/** What a command line says; `rest` is what is left without a dash. */
export type Flags = Partial<typeof FLAGS> & { settings: Settings; rest: string[] }

/** Every value of `analytics.config.ts` is a flag too: `maxEntriesPerFile` is `--max-entries-per-file`. */
const options: Record<string, { type: 'string' | 'boolean' }> = {}
for (const [key, value] of Object.entries({ ...FLAGS, ...config }))
  options[kebab(key)] = { type: typeof value === 'boolean' ? 'boolean' : 'string' }

function parseFlags(args: string[]): Flags {
  const { values, positionals: rest } = parseArgs({ args, options, allowPositionals: true })
  const entries = Object.entries(config).map(([key, value]) => [key, read(kebab(key), values[kebab(key)], value)])
  const settings = Object.fromEntries(entries)
  const times = { from: values.from, to: values.to, before: settings.before, keep: settings.keep }
  for (const [flag, text] of Object.entries(times))
    if (typeof text === 'string' && !(flag === 'keep' && text === 'forever')) parseTime(text, Date.now(), `--${flag}`)
  return { ...(values as Partial<Flags>), settings, rest }
}

function read(flag: string, given: unknown, configured: unknown): unknown {
  if (given === '' && configured !== '') throw new UsageError(`--${flag} is empty`)
  if (given === undefined || typeof configured !== 'number') return given ?? configured
  if (Number(given) >= 0) return Number(given)
  throw new UsageError(`--${flag} ${given}: a number from 0 is wanted`)
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 }

/**
 * An ISO time (UTC where it names no zone), or an age such as `90m`, `24h` or `7d`, as milliseconds since the epoch.
 * The error says `name`: the flag or setting that it was given as.
 */
export function parseTime(text: string, now = Date.now(), name = 'time'): number {
  const age = /^(\d+)([smhd])?$/.exec(text)
  if (age && (age[2] || age[1] === '0')) return now - Number(age[1]) * (UNITS[age[2] ?? 's'] ?? 0)
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text) : NaN
  if (Number.isNaN(time))
    throw new UsageError(`${name} "${text}": an ISO time (2026-01-31T00:00Z) or an age (24h, 7d) is wanted`)
  return time
}

/** Runs the command that the first argument names and sets the exit code: 2 for what cannot be meant, 1 for errors. */
export async function runCommand(commandsFor: (flags: Flags) => Record<string, () => Promise<number>>): Promise<void> {
  const [name = '', ...args] = process.argv.slice(2)
  try {
    const flags = parseFlags(args)
    const commands = commandsFor(flags)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!command) throw new UsageError(`"${name}" is no command; there are ${Object.keys(commands).join(', ')}`)
    // `npm run report --from 24h` arrives here as `report 24h`: npm takes flags for its own unless they follow a --.
    if (flags.rest.length > 0 && name !== 'query')
      throw new UsageError(`${name} takes flags only, no "${flags.rest.join(' ')}"; with npm, they follow a --`)
    const stray = Object.keys(FLAGS).find((key) => key in flags && !`json text ${TAKES[name]}`.split(' ').includes(key))
    if (stray) throw new UsageError(`${name} takes no --${stray}`)
    process.exitCode = await command()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const known = `; there are --${Object.keys(options).join(', --')}`
    process.stderr.write(`${code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? message.replace(/\. .*/s, known) : message}\n`)
    process.exitCode = error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1
  }
}
