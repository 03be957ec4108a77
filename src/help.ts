import { stripVTControlCharacters } from 'node:util'
import type { ArgsDef } from 'citty'
import { COMMANDS, OPTIONS, SWITCHES } from './args.ts'
import { QUESTIONS } from './questions.ts'
import { NAME, VERSION } from './version.ts'

/** The text of --help, drawn from the same tables as the flags. */
export async function helpText(colour: boolean): Promise<string> {
  const { renderUsage } = await import('citty')
  const args: ArgsDef = {
    dir: { type: 'positional', required: false, description: 'Folder to create; it names the package.' },
  }
  for (const question of QUESTIONS) {
    const description = question.help
    if (question.kind === 'toggle')
      args[question.flag] = { type: 'boolean', description, negativeDescription: 'Do not.' }
    else if (question.kind === 'number') args[question.flag] = { type: 'string', valueHint: 'rows', description }
    else args[question.flag] = { type: 'enum', options: question.choices.map(({ value }) => value), description }
  }
  for (const { name, hint, help } of OPTIONS) args[name] = { type: 'string', valueHint: hint, description: help }
  for (const flag of SWITCHES) {
    args[flag.name] = { type: 'boolean', description: flag.help, ...('short' in flag && { alias: flag.short }) }
  }
  const meta = {
    name: NAME,
    version: VERSION,
    description: 'An analytics pipeline you own: request logs become Parquet',
  }
  const text = `${await renderUsage({ meta, args })}
Other commands, each with a --help of its own: ${COMMANDS.slice(1).join(', ')}.
With npm, flags follow --: npm create stoma-analytics my-analytics -- --runtime node
Without a terminal nothing is asked: give every answer, or --yes.
Exit codes: 0 done, 1 error, 2 wrong usage, 130 cancelled.
`
  return colour ? text : stripVTControlCharacters(text)
}
