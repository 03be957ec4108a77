/** Native DuckDB merges: `duckdb-merge.mjs <threads> <input glob> <output folder>`. */
import { DuckDBInstance } from '@duckdb/node-api'

const [threads, input, output] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:', { threads, preserve_insertion_order: 'false' })
const connection = await instance.connect()
await connection.run(`
  COPY (FROM read_parquet('${input}'))
  TO '${output}/all.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2)`)
connection.closeSync()
instance.closeSync()
