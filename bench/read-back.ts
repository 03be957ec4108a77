import { DuckDBInstance } from '@duckdb/node-api'
import type { Generated } from '../test/support/generate.ts'

/** Rows of one statement by native DuckDB. */
export async function ask(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRows()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Throws unless the files hold exactly the generated rows. */
export async function readBack(glob: string, made: Generated): Promise<void> {
  const sums = 'count(*), sum(statusCode), sum(durationMs), sum(responseSize), count(DISTINCT traceId)'
  const times = 'epoch_ms(min("timestamp")), epoch_ms(max("timestamp"))'
  const [row = []] = await ask(`SELECT ${sums}, ${times} FROM read_parquet('${glob}', union_by_name = true)`)
  const expected = [made.valid, made.statusSum, made.durationSum, made.sizeSum, made.traces, made.first, made.last]
  if (String(row.map(Number)) !== String(expected)) throw new Error(`read back ${row}, written ${expected}`)
}
