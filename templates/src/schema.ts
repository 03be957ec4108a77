import { customColumns } from './custom/columns.ts'
import type { Column } from './types.ts'

/** Written into every footer and into `_state/lake.json`. It changes only when a built-in column changes its meaning. */
export const SCHEMA_VERSION = 1

/** The built-in columns, in the order they are stored. */
const builtInColumns: readonly Column[] = [
  { name: 'timestamp', type: 'TIMESTAMP', field: 'timestamp', value: (entry) => Date.parse(entry.timestamp) },
  { name: 'gatewayName', type: 'VARCHAR', field: 'gatewayName', value: (entry) => entry.gatewayName },
  { name: 'routePath', type: 'VARCHAR', field: 'routePath', value: (entry) => entry.routePath },
  { name: 'method', type: 'VARCHAR', field: 'method', value: (entry) => entry.method },
  { name: 'statusCode', type: 'INTEGER', field: 'statusCode', value: (entry) => entry.statusCode },
  { name: 'durationMs', type: 'DOUBLE', field: 'durationMs', value: (entry) => entry.durationMs },
  { name: 'responseSize', type: 'BIGINT', field: 'responseSize', value: (entry) => entry.responseSize },
  { name: 'traceId', type: 'VARCHAR', field: 'traceId', value: (entry) => entry.traceId },
  // One JSON text, read with json_extract: labels may come and go without a new column each.
  {
    name: 'dimensions',
    type: 'VARCHAR',
    field: 'dimensions',
    value: (entry) => entry.dimensions && JSON.stringify(entry.dimensions),
  },
]

/** Every column of the Parquet files. `timestamp` comes first: files are sorted by it. */
export const columns: readonly Column[] = withCustom(builtInColumns, customColumns)

function withCustom(builtIn: readonly Column[], custom: readonly Column[]): readonly Column[] {
  const names = new Set(builtIn.map((column) => column.name.toLowerCase()))
  for (const { name } of custom) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`src/custom/columns.ts: "${name}" is no column name`)
    if (names.has(name.toLowerCase())) throw new Error(`src/custom/columns.ts: the column "${name}" exists already`)
    names.add(name.toLowerCase())
  }
  return [...builtIn, ...custom]
}
