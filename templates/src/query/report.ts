import { readdir, readFile } from 'node:fs/promises'
import { marksView, type QueryContext, quote, type Row, withLake } from './duckdb.ts'
import { bold, renderErrors, renderTable, styleOf } from './table.ts'

const SQL = new URL('../../sql/', import.meta.url)
const readSql = (name: string) => readFile(new URL(name, SQL), 'utf8')

/** Prints the tables of `sql/report`, in the order of their names: the report is changed there, or gets one more. */
export function runReport(ctx: QueryContext, flags: { from?: string; to?: string; route?: string; json?: boolean }) {
  return withLake(ctx, async (lake) => {
    for (const name of ['from', 'to', 'route'] as const)
      await lake.rows(`SET VARIABLE "${name}" = ${flags[name] === undefined ? 'NULL::VARCHAR' : quote(flags[name])}`)
    await lake.rows(marksView(ctx.lakeDir, await marksWithRejected(ctx)) + (await readSql('traffic.sql')))
    const tables: Record<string, Row[]> = {}
    let text = ''
    for (const file of (await readdir(new URL('report/', SQL))).filter((name) => name.endsWith('.sql')).sort()) {
      const sql = await readSql(`report/${file}`)
      const rows = await lake.rows(sql)
      tables[file.replace(/^\d+-|\.sql$/g, '')] = rows.map(({ bar: _, ...raw }) => raw)
      if (rows.length > 0)
        text += `\n${bold(/^-- (.*)/.exec(sql)?.[1] ?? file, ctx)}\n${renderTable(rows, { ...styleOf(ctx), units: true })}`
    }
    const [found] = await lake.rows('SELECT count(*) AS requests FROM traffic')
    if (found?.requests === 0) text = 'No requests here (yet): let some traffic through the gateway, then run ingest.\n'
    ctx.stdout.write(
      flags.json ? `${JSON.stringify({ ...tables, errors: lake.broken })}\n` : text + renderErrors(lake.broken),
    )
    return lake.broken.length > 0 ? 1 : 0
  })
}

/** Only a source with rejected lines has a file of them, so a report need not read every mark there is. */
async function marksWithRejected({ storage, prefix }: QueryContext): Promise<string[]> {
  const sources = new Set<string>()
  for await (const { key } of storage.list(`${prefix}/_state/rejected/`)) sources.add(key.slice(-27, -7))
  if (sources.size === 0) return []
  const marks: string[] = []
  for await (const { key } of storage.list(`${prefix}/_state/ingested/`))
    if (sources.has(key.slice(-25, -5))) marks.push(key)
  return marks
}
