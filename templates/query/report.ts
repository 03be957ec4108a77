import { readdir } from 'node:fs/promises'
import { partitionSpan } from '../src/lake/layout.ts'
import type { ReaderOptions } from '../src/lake/reader.ts'
import { parseTime, UsageError } from '../src/worker/settings.ts'
import { type Lake, listMarks, loadMarks, quote, type Row, readSql, withLake } from './duckdb.ts'
import { bold, print, renderErrors, renderTable } from './table.ts'

type Flags = Partial<Record<'from' | 'to' | 'route', string>> & { json?: boolean }

/** Prints the tables of `sql/report`, in the order of their names: the report is changed there, or gets one more. */
export async function runReport(options: ReaderOptions, flags: Flags, write = print): Promise<number> {
  const { from = '0001-01-01', to = '9999-12-31', route, json } = flags
  const window = { from: parseTime(from), to: parseTime(to) }
  if (window.from >= window.to) throw new UsageError(`--to ${to} is not after --from ${from}`)
  return withLake({ ...options, isWanted: reachesInto(window) }, async (lake) => {
    await startReport(lake, { ...window, route, json })
    await loadRejected(options, lake)
    const { tables, text } = await readTables(lake, 'report')
    const isNarrowed = flags.from !== undefined || flags.to !== undefined || route !== undefined
    const why = isNarrowed
      ? 'No requests there: widen --from, --to or --route, or let ingest run.'
      : 'No requests here yet: make some, then let ingest run.'
    const hint = tables.overview?.[0]?.requests === 0 ? `${why}\n\n` : ''
    const errors = lake.broken
    write(json ? `${JSON.stringify({ ...tables, errors })}\n` : hint + text + renderErrors(errors))
    return errors.length > 0 ? 1 : 0
  })
}

/** Whether any of a partition lies between two moments. */
function reachesInto({ from, to }: { from: number; to: number }) {
  return (path: string) => {
    const [start, end] = partitionSpan(path)
    return start < to && end > from
  }
}

export const momentOf = (ms: number) => `make_timestamp_ms(${Math.round(ms)})`

/** Makes the view `traffic`, what is between `from` and `to` (milliseconds), and says how numbers are shown. */
export async function startReport(
  { rows }: Lake,
  {
    from,
    to,
    route = '*',
    json = false,
  }: { from: number; to: number; route?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  await rows(`SET VARIABLE "from" = ${momentOf(from)}; SET VARIABLE "to" = ${momentOf(to)};
    SET VARIABLE route = ${quote(route)};
    ${await readSql('traffic.sql')} ${await readSql(json ? 'numbers/raw.sql' : 'numbers/shown.sql')}`)
}

/** The tables of a folder of `sql/`: as rows by their names, and as text with the first line's comment for a title. */
export async function readTables(
  { rows }: Lake,
  folder: string,
): Promise<{ tables: Record<string, Row[]>; text: string }> {
  const tables: Record<string, Row[]> = {}
  let text = ''
  const files = await readdir(new URL(`../sql/${folder}`, import.meta.url))
  for (const file of files.filter((name) => name.endsWith('.sql')).sort()) {
    const sql = await readSql(`${folder}/${file}`)
    const table = await rows(sql)
    tables[file.replace(/^\d+-|\.sql$/g, '')] = table.map(({ bar: _, ...raw }) => raw)
    if (table.length > 0)
      text += `${bold(/^-- (.*)/.exec(sql)?.[1] ?? file)}\n${renderTable(table, { report: true })}\n`
  }
  return { tables, text }
}

/** Only a source with rejected lines has a file of them, so most reports need to read no mark. */
async function loadRejected(options: ReaderOptions, lake: Lake): Promise<void> {
  const sources = new Set<string>()
  for await (const { key } of options.storage.list(`${options.prefix}/_state/rejected/`))
    sources.add(key.slice(-27, -7))
  const marks = sources.size > 0 ? await listMarks(options) : []
  const wanted = marks.filter((key) => sources.has(key.slice(-25, -5)))
  await loadMarks(options, lake, wanted)
}
