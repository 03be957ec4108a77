import { readdir } from 'node:fs/promises'
import type { ReaderOptions } from '../src/lake/reader.ts'
import { parseTime } from '../src/worker/settings.ts'
import { type Lake, listMarks, loadMarks, quote, type Row, readSql, withLake } from './duckdb.ts'
import { bold, print, renderErrors, renderTable } from './table.ts'

type Flags = { from?: string | undefined; to?: string | undefined; route?: string | undefined; json?: boolean }

/** Prints the tables of `sql/report`, in the order of their names: the report is changed there, or gets one more. */
export async function runReport(options: ReaderOptions, flags: Flags, write = print): Promise<number> {
  const { from = '0001-01-01', to = '9999-12-31', route = '*', json } = flags
  const [since, until] = [from, to].map((time) => `make_timestamp_ms(${parseTime(time)})`)
  return withLake(options, async (lake) => {
    const { rows, broken } = lake
    await rows(`SET VARIABLE "from" = ${since}; SET VARIABLE "to" = ${until}; SET VARIABLE route = ${quote(route)};
      ${await readSql('traffic.sql')} ${await readSql(json ? 'numbers/raw.sql' : 'numbers/shown.sql')}`)
    await loadRejected(options, lake)
    const tables: Record<string, Row[]> = {}
    let text = ''
    const files = await readdir(new URL('../sql/report', import.meta.url))
    for (const file of files.filter((name) => name.endsWith('.sql')).sort()) {
      const sql = await readSql(`report/${file}`)
      const table = await rows(sql)
      tables[file.replace(/^\d+-|\.sql$/g, '')] = table.map(({ bar: _, ...raw }) => raw)
      if (table.length > 0)
        text += `${bold(/^-- (.*)/.exec(sql)?.[1] ?? file)}\n${renderTable(table, { report: true })}\n`
    }
    if (tables.overview?.[0]?.requests === 0) text = `No requests here yet: make some, then run ingest.\n\n${text}`
    write(json ? `${JSON.stringify({ ...tables, errors: broken })}\n` : text + renderErrors(broken))
    return broken.length > 0 ? 1 : 0
  })
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
