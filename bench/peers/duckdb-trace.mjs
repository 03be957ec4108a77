/** Native DuckDB on Workers Trace Events: `duckdb-trace.mjs <threads> <input glob> <output folder>`; entries as Parquet. */
import { DuckDBInstance } from '@duckdb/node-api'

const [threads, input, output] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:', { threads, preserve_insertion_order: 'false' })
const connection = await instance.connect()
const entry = JSON.stringify([
  {
    ...{ _type: 'VARCHAR', timestamp: 'TIMESTAMP', gatewayName: 'VARCHAR', routePath: 'VARCHAR', method: 'VARCHAR' },
    ...{ statusCode: 'INTEGER', durationMs: 'DOUBLE', responseSize: 'BIGINT', traceId: 'VARCHAR', dimensions: 'JSON' },
  },
])
  .slice(1, -1)
  .replaceAll("'", "''")
await connection.run(`
  COPY (
    SELECT e."timestamp"::TIMESTAMP_MS AS "timestamp", e.gatewayName, e.routePath, e.method, e.statusCode, e.durationMs,
           e.responseSize, e.traceId, e.dimensions::VARCHAR AS dimensions
    FROM (
      SELECT from_json(message, '${entry}') AS e
      FROM (
        SELECT unnest(log.Message) AS message
        FROM (SELECT unnest(Logs) AS log FROM read_ndjson('${input}', columns = { Logs: 'STRUCT(Message VARCHAR[])[]' }))
      )
      WHERE contains(message, '"_type":"stoma_analytics"')
    )
    WHERE e._type = 'stoma_analytics'
  ) TO '${output}/all.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2)`)
connection.closeSync()
instance.closeSync()
