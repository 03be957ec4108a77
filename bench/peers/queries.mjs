/**
 * Times queries over two files of the same rows, in milliseconds: `queries.mjs <ours> <DuckDB's own> <day> <trace id>`.
 * Throws where their answers differ.
 */
import { DuckDBInstance } from '@duckdb/node-api'

const [ours, duckdb, day, trace] = process.argv.slice(2)
const files = { ours, duckdb }
const WARM_UP = 3
const ROUNDS = 21

const scan = `count(*), min("timestamp"), max("timestamp"), max(gatewayName), sum(length(routePath)), sum(length("method")),
  sum(statusCode), sum(durationMs), sum(responseSize), sum(length(traceId)), max(traceId), sum(length(dimensions))`
const hour = `"timestamp" >= TIMESTAMP '${day} 14:00:00' AND "timestamp" < TIMESTAMP '${day} 15:00:00'`
const queries = {
  'an aggregate over every column': (file) => `SELECT ${scan} FROM read_parquet('${file}')`,
  'one route in one hour': (file) =>
    `SELECT count(*), avg(durationMs), sum(responseSize), quantile_cont(durationMs, 0.95)
     FROM read_parquet('${file}') WHERE routePath = '/cart' AND ${hour}`,
  'one trace id': (file) => `SELECT * FROM read_parquet('${file}') WHERE traceId = '${trace}'`,
}

const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const connection = await instance.connect()
const results = []
for (const [query, sql] of Object.entries(queries)) {
  const taken = { ours: [], duckdb: [] }
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const answers = []
    // Each goes first in every second round.
    for (const name of round % 2 ? ['ours', 'duckdb'] : ['duckdb', 'ours']) {
      const start = performance.now()
      const result = await connection.runAndReadAll(sql(files[name]))
      if (round >= 0) taken[name].push(performance.now() - start)
      answers.push(JSON.stringify(result.getRowsJson()))
    }
    if (answers[0] !== answers[1] || answers[0] === '[]') throw new Error(`${query}: ${answers.join(' is not ')}`)
  }
  results.push({ query, ...taken })
}
console.log(JSON.stringify(results))
connection.closeSync()
instance.closeSync()
