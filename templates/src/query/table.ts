import type { PipelineError } from '../types.ts'
import type { QueryContext, Row } from './duckdb.ts'

const grouped = (value: number) => (Math.abs(value) < 10 ? +value.toFixed(1) : Math.round(value)).toLocaleString('en')

const scaled = (steps: Record<string, number>) => (value: number) => {
  const [unit, size] = Object.entries(steps).findLast(([, size], i) => i === 0 || Math.abs(value) >= size) ?? ['', 1]
  return `${grouped(value / size)} ${unit}`
}

/** How a number shows whose column's name ends in `_ms`, `_bytes` and so on. Text in an `_id` column is never cut. */
const UNITS: Record<string, (value: number) => string> = {
  ms: scaled({ ms: 1, s: 1e3, min: 6e4 }),
  bytes: scaled({ B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }),
  ago: scaled({ 's ago': 1, 'min ago': 60, 'h ago': 3600, 'd ago': 86_400 }),
  pct: (value) => (value > 0 && value < 0.05 ? '<0.1 %' : `${grouped(value)} %`),
  id: grouped,
}

export interface TableStyle {
  /** Columns of the terminal. */
  width?: number | undefined
  colour?: boolean
  /** Numbers in units, as people read them, instead of as they are. */
  units?: boolean
}

export const styleOf = ({ stdout }: QueryContext): TableStyle => ({
  width: stdout.isTTY ? stdout.columns : undefined,
  colour: Boolean(stdout.isTTY) && !process.env.NO_COLOR,
})
const paint = (text: string, code: string, colour: boolean | undefined) =>
  colour && code ? `\x1b[${code}m${text}\x1b[0m` : text
export const bold = (text: string, ctx: QueryContext) => paint(text, '1', styleOf(ctx).colour)

export const renderErrors = (errors: readonly PipelineError[]) =>
  errors.map(({ where, message }) => `\nCould not read ${where}: ${message}\n`).join('')

/** Rows as text: numbers to the right, control characters escaped, the widest text cut where room is short. */
export function renderTable(rows: Row[], style: TableStyle, names = Object.keys(rows[0] ?? {})): string {
  const { width = Infinity, colour, units } = style
  const columns = names.map((name) => {
    const [, stem = name, unit = ''] = (units && /^(.+)_(ms|bytes|ago|pct|id)$/.exec(name)) || []
    const cells = rows.map(({ [name]: value = null }) => {
      if (value === null) return units ? '–' : 'NULL'
      if (typeof value === 'number' && units) return (UNITS[unit] ?? grouped)(value)
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return text.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
    })
    const isNumber = rows.every(({ [name]: value }) => value === null || typeof value === 'number')
    const header = units ? stem.replaceAll('_', ' ') : stem
    const wide = [header, ...cells].reduce((most, cell) => Math.max(most, [...cell].length), 0)
    return { header, cells, isNumber, isFixed: isNumber || unit === 'id', isBar: name === 'bar', wide }
  })
  for (let excess = columns.reduce((sum, { wide }) => sum + wide + 2, -2) - width; excess > 0; excess--) {
    const widest = columns.reduce((most, column) => (!column.isFixed && column.wide > most.wide ? column : most), {
      wide: 8,
    })
    widest.wide--
  }
  const lineOf = (row: number) =>
    columns.map(({ cells, header, wide, isNumber, isBar }) => {
      const text = [...(cells[row] ?? header)]
      const cut = text.length > wide ? `${text.slice(0, wide - 1).join('')}…` : text.join('')
      const blank = ' '.repeat(wide - Math.min(wide, text.length))
      return paint(isNumber ? blank + cut : cut + blank, row < 0 ? '2' : isBar ? '36' : '', colour)
    })
  return [-1, ...rows.keys()].map((row) => `${lineOf(row).join('  ').trimEnd()}\n`).join('')
}
