import { COMMANDS, OPTIONS, SWITCHES } from './args.ts'
import { QUESTIONS } from './questions.ts'
import type { colours } from './terminal.ts'
import { NAME, VERSION } from './version.ts'

/** Lines fit a terminal of 80 columns; a flag that is longer than its column has a line of its own. */
const WIDTH = 79
const COLUMN = 24

/** The text of --help, drawn from the same tables as the flags. */
export function helpText({ bold, cyan }: ReturnType<typeof colours>): string {
  const row = ([flag, help]: readonly [string, string]) => {
    const [first = '', ...others] = wrap(help, WIDTH - COLUMN).map((line) => `${' '.repeat(COLUMN)}${line}\n`)
    const head = `  ${cyan(flag)}`
    const start = flag.length + 4 > COLUMN ? `${head}\n${first}` : `${head}${first.slice(flag.length + 2)}`
    return [start, ...others].join('')
  }
  return `An analytics pipeline you own: request logs become Parquet (${VERSION})

${bold('USAGE')}  ${NAME} [dir] [flags]

${row(['dir', 'Folder to create; it names the package.'])}
${questionRows().map(row).join('')}
${OPTIONS.map(({ name, hint, help }) => row([`--${name} <${hint}>`, help])).join('')}
${SWITCHES.map((flag) => row([`${'short' in flag ? `-${flag.short}, ` : ''}--${flag.name}`, flag.help])).join('')}
Other commands, each with a --help of its own:
${COMMANDS.slice(1).join(', ')}.
With npm, flags follow --: npm create stoma-analytics app -- --runtime node
Without a terminal nothing is asked: give every answer, or --yes.
Exit codes: 0 done, 1 error, 2 wrong usage, 130 cancelled.
`
}

const questionRows = () =>
  QUESTIONS.map((question): [string, string] => {
    const { flag, help, kind } = question
    if (kind === 'toggle') return [`--[no-]${flag}`, help]
    return [`--${flag} <${kind === 'number' ? 'rows' : question.choices.map(({ value }) => value).join('|')}>`, help]
  })

/** A text in lines of at most so many characters, broken at spaces. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
