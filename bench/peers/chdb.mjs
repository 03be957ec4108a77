/** ClickHouse, embedded: `chdb.mjs <threads> <input glob> <output folder>`. Resolved from CHDB, a folder it is installed in. */
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [threads, input, output] = process.argv.slice(2)
const { query } = createRequire(join(process.env.CHDB, 'package.json'))('chdb')
const structure =
  '_type String, timestamp DateTime64(3), gatewayName String, routePath String, method String, statusCode Int32, ' +
  'durationMs Float64, responseSize Nullable(Int64), traceId Nullable(String), dimensions Nullable(String)'
query(
  `SELECT * EXCEPT _type FROM file('${input}', 'JSONEachRow', '${structure}') WHERE _type = 'stoma_analytics'
   INTO OUTFILE '${output}/all.parquet' FORMAT Parquet
   SETTINGS max_threads = ${threads}, date_time_input_format = 'best_effort', input_format_skip_unknown_fields = 1,
     input_format_json_read_objects_as_strings = 1, output_format_parquet_compression_method = 'zstd',
     output_format_parquet_string_as_string = 1`,
  'CSV',
)
