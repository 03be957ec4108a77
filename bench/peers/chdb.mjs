/**
 * ClickHouse, embedded: `chdb.mjs <threads> <format> <input glob> <output folder>`. Resolved from CHDB, a folder it is
 * installed in.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [threads, format, input, output] = process.argv.slice(2)
const { query } = createRequire(join(process.env.CHDB, 'package.json'))('chdb')
const fields =
  'gatewayName String, routePath String, method String, statusCode Int32, durationMs Float64, ' +
  'responseSize Nullable(Int64), traceId Nullable(String), dimensions Nullable(String)'
const lines = `
  SELECT * EXCEPT _type
  FROM file('${input}', 'JSONEachRow', '_type String, timestamp DateTime64(3), ${fields}')
  WHERE _type = 'stoma_analytics'`
const names = fields.split(', ').map((field) => field.split(' ')[0])
const events = `
  SELECT parseDateTime64BestEffort(e.timestamp, 3, 'UTC') AS timestamp, ${names.map((name) => `e.${name} AS ${name}`)}
  FROM (
    SELECT JSONExtract(message, 'Tuple(_type String, timestamp String, ${fields})') AS e
    FROM (
      SELECT arrayJoin(arrayFlatten(Logs.Message)) AS message
      FROM file('${input}', 'JSONEachRow', 'Logs Array(Tuple(Message Array(String)))')
    )
    WHERE position(message, '"_type":"stoma_analytics"') > 0
  )
  WHERE e._type = 'stoma_analytics'`
query(
  `${format === 'standard' ? lines : events}
   INTO OUTFILE '${output}/all.parquet' FORMAT Parquet
   SETTINGS max_threads = ${threads}, date_time_input_format = 'best_effort', input_format_skip_unknown_fields = 1,
     input_format_json_read_objects_as_strings = 1, output_format_parquet_compression_method = 'zstd',
     output_format_parquet_string_as_string = 1`,
  'CSV',
)
