import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { ResultReturnType } from '@duckdb/node-api'
import type { ReaderOptions } from '../src/lake/reader.ts'
import { UsageError } from '../src/worker/settings.ts'
import { type Row, toJson, withLake } from './duckdb.ts'
import { renderErrors, renderTable } from './table.ts'

const ROWS_SHOWN = 500

type Terminal = Pick<typeof process, 'stdin' | 'stdout'>

/** Runs SQL over the view `analytics`: the arguments, else what is piped in, else what is typed at a prompt. */
export function runQuery(
  options: ReaderOptions,
  { json = false, rest = [] }: { json?: boolean; rest?: string[] },
  { stdin, stdout }: Terminal = process,
): Promise<number> {
  return withLake(options, async ({ results, broken }) => {
    const run = async (sql: string) => {
      for await (const result of results(sql)) {
        if (result.returnType !== ResultReturnType.QUERY_RESULT) continue
        const rows: Row[] = []
        for await (const batch of result.yieldConvertedRowObjects(toJson))
          if (rows.push(...(batch as Row[])) > ROWS_SHOWN && !json) break
        const names = result.deduplicatedColumnNames()
        stdout.write(json ? `${JSON.stringify(rows)}\n` : renderTable(rows.slice(0, ROWS_SHOWN), { names }))
        if (rows.length > ROWS_SHOWN && !json) stdout.write(`The first ${ROWS_SHOWN} rows; --json gives all of them.\n`)
      }
    }
    if (rest.length > 0 || !stdin.isTTY) {
      const sql = rest.join(' ') || (await text(stdin))
      if (!sql.trim()) throw new UsageError('query wants SQL: as its argument, or piped in')
      await run(sql)
    } else await prompt({ stdin, stdout }, run)
    if (!json) stdout.write(renderErrors(broken))
    return broken.length > 0 ? 1 : 0
  })
}

/** Statements end with a semicolon and may take several lines; an error is shown, and the prompt goes on. */
async function prompt({ stdin, stdout }: Terminal, run: (sql: string) => Promise<void>): Promise<void> {
  stdout.write('For example: FROM analytics LIMIT 5; (a semicolon ends a statement, Ctrl-D leaves)\n')
  const lines = createInterface({ input: stdin, output: stdout, prompt: 'analytics> ' })
  let sql = ''
  lines.prompt()
  for await (const line of lines) {
    sql += `${line}\n`
    if (line.trimEnd().endsWith(';')) {
      await run(sql).catch((error: Error) => stdout.write(`${error.message}\n`))
      sql = ''
    }
    lines.prompt()
  }
}
