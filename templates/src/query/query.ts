import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { type DuckDBResult, ResultReturnType } from '@duckdb/node-api'
import { type QueryContext, type Row, toJson, withLake } from './duckdb.ts'
import { renderErrors, renderTable, styleOf } from './table.ts'

const ROWS_SHOWN = 500

/** Runs SQL over the view `analytics`: the argument, else what is piped in, else what is typed at a prompt. */
export function runQuery(ctx: QueryContext, flags: { json?: boolean }, sql?: string): Promise<number> {
  const print = flags.json ? printJson : printTable
  return withLake(ctx, async ({ results, broken }) => {
    const run = async (statements: string) => {
      for await (const result of results(statements))
        if (result.returnType === ResultReturnType.QUERY_RESULT) await print(ctx, result)
    }
    if (sql !== undefined || !ctx.stdin.isTTY) await run(sql ?? (await text(ctx.stdin)))
    else await prompt(ctx, run)
    if (!flags.json) ctx.stdout.write(renderErrors(broken))
    return broken.length > 0 ? 1 : 0
  })
}

/** One array, a row per line, written as the rows come: there may be more than memory holds. */
async function printJson({ stdout }: QueryContext, result: DuckDBResult): Promise<void> {
  let opening = '[\n'
  for await (const rows of result.yieldConvertedRowObjects(toJson)) {
    const lines = rows.map((row) => JSON.stringify(row)).join(',\n')
    if (!stdout.write(opening + lines)) await once(stdout, 'drain')
    opening = ',\n'
  }
  stdout.write(opening === '[\n' ? '[]\n' : '\n]\n')
}

async function printTable(ctx: QueryContext, result: DuckDBResult): Promise<void> {
  const rows: Row[] = []
  for await (const batch of result.yieldConvertedRowObjects(toJson)) {
    rows.push(...(batch as Row[]))
    if (rows.length > ROWS_SHOWN) break
  }
  ctx.stdout.write(renderTable(rows.slice(0, ROWS_SHOWN), styleOf(ctx), result.deduplicatedColumnNames()))
  if (rows.length > ROWS_SHOWN) ctx.stdout.write(`The first ${ROWS_SHOWN} rows; --json gives all of them.\n`)
}

/** Statements end with a semicolon and may take several lines; an error is shown and the prompt goes on. */
async function prompt({ stdin, stdout }: QueryContext, run: (sql: string) => Promise<void>): Promise<void> {
  stdout.write('SQL over the view analytics, as the lake is now. End with a semicolon; leave with Ctrl-D.\n')
  const lines = createInterface({ input: stdin, output: stdout, prompt: '> ' })
  let sql = ''
  lines.prompt()
  for await (const line of lines) {
    sql += `${line}\n`
    if (line.trimEnd().endsWith(';')) {
      await run(sql).catch((error: Error) => stdout.write(`${error.message}\n`))
      sql = ''
    }
    lines.setPrompt(sql.trim() ? '… ' : '> ')
    lines.prompt()
  }
}
