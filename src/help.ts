import { stripVTControlCharacters } from 'node:util'
import type { ArgsDef } from 'citty'
import { COMMANDS, OPTIONS, SWITCHES } from './args.ts'
import { QUESTIONS } from './questions.ts'
import { NAME, VERSION } from './version.ts'

const WIDTH = 79

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
    description: 'A pipeline you own: request logs become Parquet',
  }
  const text = `${wrapped(await renderUsage({ meta, args }))}
Other commands, each with a --help of its own:
${COMMANDS.slice(1).join(', ')}.
With npm, flags follow --: npm create stoma-analytics app -- --runtime node
Without a terminal nothing is asked: give every answer, or --yes.
Exit codes: 0 done, 1 error, 2 wrong usage, 130 cancelled.
`
  return colour ? text : stripVTControlCharacters(text)
}

/** The usage in lines that a terminal of 80 columns shows: what is said of a flag goes on under where it began. */
function wrapped(usage: string): string {
  const lines = usage.split('\n').map((coloured) => {
    const line = stripVTControlCharacters(coloured).trimEnd()
    const column = /^ *\S.*? {4}/.exec(line)?.[0].length
    if (column === undefined || line.length <= WIDTH) return coloured.trimEnd()
    const said = line.slice(column)
    const pieces = said.match(new RegExp(`.{1,${WIDTH - column}}(?: |$)`, 'g')) ?? [said]
    return (
      coloured.trimEnd().slice(0, -said.length) + pieces.map((piece) => piece.trim()).join(`\n${' '.repeat(column)}`)
    )
  })
  return lines.join('\n')
}
