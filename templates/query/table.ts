import type { PipelineError } from '../src/types.ts'
import type { Row } from './duckdb.ts'

/** What is known of where text goes to. */
type Terminal = { isTTY?: boolean; columns?: number }

export const print = (text: string) => process.stdout.write(text)
const paint = (code: number, text: string, { isTTY }: Terminal) =>
  isTTY && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text
export const bold = (text: string) => paint(1, text, process.stdout)

/** `1 partition`, `1,200 partitions`. */
export const counted = (count: number, noun: string) => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

export const renderErrors = (errors: readonly PipelineError[]) =>
  errors.map(({ where, message }) => `Could not read ${where}: ${message}\n`).join('')

/**
 * Rows as text: numbers to the right, control characters escaped, text cut to the terminal's width (but no `_id`).
 * In a `report` the cells name their units, so the headers need not.
 */
export function renderTable(
  rows: Row[],
  { report = false, names = Object.keys(rows[0] ?? {}) } = {},
  terminal: Terminal = process.stdout,
): string {
  const columns = names.map((name) => {
    const [, stem = name, unit = ''] = (report && /^(.+)_(ms|bytes|s|pct|id)$/.exec(name)) || []
    const cells = rows.map(({ [name]: value = null }) => {
      if (value === null) return report ? '–' : 'NULL'
      if (typeof value === 'number') return report ? value.toLocaleString('en') : String(value)
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return text.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
    })
    const lengths = [stem, ...cells].map((cell) => [...cell].length)
    const isNumber =
      /^(ms|bytes|s|pct)$/.test(unit) || rows.every(({ [name]: value }) => typeof (value ?? 0) === 'number')
    return { cells: [stem, ...cells], isNumber, isFixed: isNumber || unit === 'id', length: Math.max(...lengths) }
  })
  let over = columns.reduce((sum, { length }) => sum + length + 2, -2) - (terminal.columns ?? Infinity)
  for (; over > 0; over--) columns.reduce((a, b) => (b.length > a.length && !b.isFixed ? b : a), { length: 8 }).length--
  const lines = ['', ...rows].map((_, row) => {
    const fitted = columns.map(({ cells, length, isNumber }) => {
      const text = [...(cells[row] as string)]
      const cut = text.length > length ? [...text.slice(0, length - 1), '…'] : text
      return cut.join('')[isNumber ? 'padStart' : 'padEnd'](length)
    })
    const line = fitted.join('  ').trimEnd()
    return row === 0 ? paint(2, line, terminal) : line.replace(/[█-▏]+/, (bar) => paint(36, bar, terminal))
  })
  return `${lines.join('\n')}\n`
}
