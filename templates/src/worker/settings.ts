import { parseArgs } from 'node:util'
import { config } from '../../analytics.config.ts'
import type { Settings } from '../wiring.ts'

/** Something in the command line that cannot be meant: exit code 2. */
export class UsageError extends Error {}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Every value of `analytics.config.ts` is a flag too: `maxEntriesPerFile` is `--max-entries-per-file`. */
const configFlags = Object.entries(config).map(([key, value]) => ({ key, value, flag: kebab(key) }))

export interface Flags {
  settings: Settings
  json: boolean
  text: boolean
  from?: string
  to?: string
  route?: string
  /** What is left without a dash. */
  rest: string[]
}

function parseFlags(args: string[]): Flags {
  const strings = ['from', 'to', 'route'] as const
  const settingFlags = configFlags.map(({ flag, value }) => [
    flag,
    { type: typeof value === 'boolean' ? 'boolean' : 'string' },
  ])
  const options = {
    ...(Object.fromEntries(settingFlags) as Record<string, { type: 'boolean' | 'string' }>),
    ...(Object.fromEntries(strings.map((name) => [name, { type: 'string' }])) as Record<string, { type: 'string' }>),
    json: { type: 'boolean' as const },
    text: { type: 'boolean' as const },
  }
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const { values, positionals } = parsed as {
    values: Record<string, string | boolean | undefined>
    positionals: string[]
  }
  const settings = configFlags.map(({ key, value, flag }) => [key, read(flag, values[flag], value)])
  const [from, to, route] = strings.map((name) => values[name] as string | undefined)
  const { json = false, text = false } = values as { json?: boolean; text?: boolean }
  return { settings: Object.fromEntries(settings) as Settings, json, text, from, to, route, rest: positionals }
}

function read(flag: string, given: string | boolean | undefined, configured: unknown): unknown {
  if (given === undefined || typeof configured !== 'number') return given ?? configured
  const number = Number(given)
  if (given === '' || !(number >= 0)) throw new UsageError(`--${flag} ${given}: a number from 0 is wanted`)
  return number
}

const UNITS = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 }

/** An ISO time (UTC where it names no zone), or an age such as `90m`, `24h` or `7d`, as milliseconds since the epoch. */
export function parseTime(text: string, now = Date.now()): number {
  const age = /^(\d+)([smhd])?$/.exec(text)
  if (age && (age[2] || age[1] === '0')) return now - Number(age[1]) * UNITS[(age[2] ?? 's') as keyof typeof UNITS]
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text) : NaN
  if (Number.isNaN(time))
    throw new UsageError(`"${text}": an ISO time (2026-01-31T00:00Z) or an age (24h, 7d) is wanted`)
  return time
}

type Commands = Record<string, () => Promise<number>>

/** Runs the command that the first argument names and sets the exit code: 2 for what cannot be meant, 1 for errors. */
export async function runCommand(commandsFor: (flags: Flags) => Commands): Promise<void> {
  const [name = '', ...args] = process.argv.slice(2)
  try {
    const commands = commandsFor(parseFlags(args))
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!command) throw new UsageError(`"${name}" is no command; there are ${Object.keys(commands).join(', ')}`)
    process.exitCode = await command()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}
