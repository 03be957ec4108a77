import type { PipelineError } from '../types.ts'
import type { Row } from './duckdb.ts'

/** What is known of where text goes to. */
type Terminal = { isTTY?: boolean; columns?: number }

export const print = (text: string) => process.stdout.write(text)
const paint = (code: number, text: string, { isTTY }: Terminal) =>
  isTTY && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text
export const bold = (text: string) => paint(1, text, process.stdout)

export const renderErrors = (errors: readonly PipelineError[]) =>
  errors.map(({ where, message }) => `Could not read ${where}: ${message}\n`).join('')

const short = (value: number) => (Math.abs(value) < 10 ? +value.toFixed(1) : Math.round(value)).toLocaleString('en')
const scaled = (steps: Record<string, number>) => (value: number) => {
  const [unit, size] = Object.entries(steps).findLast(([, size], i) => i === 0 || value >= size) as [string, number]
  return `${short(value / size)} ${unit}`
}
/** How a number is shown whose column's name ends in `_ms`, `_bytes` and so on. */
const UNITS: Record<string, (value: number) => string> = {
  ms: scaled({ ms: 1, s: 1e3, min: 6e4 }),
  bytes: scaled({ B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }),
  ago: scaled({ 's ago': 1, 'min ago': 60, 'h ago': 3600, 'd ago': 86_400 }),
  pct: (value) => (value > 0 && value < 0.05 ? '<0.1 %' : `${value.toFixed(value > 0 && value < 10 ? 1 : 0)} %`),
}

/**
 * Rows as text: numbers to the right, control characters escaped, text cut to the terminal's width (but no `_id`).
 * With `units`, numbers are shown as people read them instead of as they are.
 */
export function renderTable(
  rows: Row[],
  { units = false, names = Object.keys(rows[0] ?? {}) } = {},
  terminal: Terminal = process.stdout,
): string {
  const columns = names.map((name) => {
    const [, stem = name, unit = ''] = (units && /^(.+)_(ms|bytes|ago|pct|id)$/.exec(name)) || []
    const cells = rows.map(({ [name]: value = null }) => {
      if (value === null) return units ? '–' : 'NULL'
      if (typeof value === 'number' && units) return (UNITS[unit] ?? short)(value)
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return text.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
    })
    const lengths = [stem, ...cells].map((cell) => [...cell].length)
    const isNumber = rows.every(({ [name]: value }) => value === null || typeof value === 'number')
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
