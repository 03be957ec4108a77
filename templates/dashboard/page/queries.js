const STEPS = [1, 5, 10, 30, 60, 180, 360, 720, 1440, 7 * 1440, 28 * 1440].map((minutes) => minutes * 60_000)
const NO_DIMENSIONS = ['timestamp', 'routePath', 'statusCode', 'durationMs', 'responseSize', 'traceId', 'dimensions']

/** The finest slot of time, in milliseconds, that keeps a chart readable. */
export const stepOf = ({ from, to }) => STEPS.find((step) => (to - from) / step <= 100) ?? STEPS.at(-1)

const quote = (text) => `'${text.replaceAll("'", "''")}'`

/** A dimension as SQL: a column, or `label.x` of the JSON text in `dimensions` (as JSON: this DuckDB parses none). */
function sqlOf(dimension) {
  if (dimension === 'route') return "method || ' ' || routePath"
  if (dimension === 'status') return 'statusCode::VARCHAR'
  if (!dimension.startsWith('label.')) return `"${dimension.replaceAll('"', '""')}"::VARCHAR`
  const key = JSON.stringify(dimension.slice('label.'.length)).replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
  return `nullif(regexp_extract(dimensions, ${quote(`${key}:("(?:[^"\\\\]|\\\\.)*"|[^,}]*)`)}, 1), '')`
}

function testOf([dimension, value]) {
  const sql = sqlOf(dimension)
  if (dimension === 'route' && value.includes('*'))
    return `(routePath GLOB ${quote(value)} OR ${sql} GLOB ${quote(value)})`
  if (dimension === 'route') return `${quote(value)} IN (routePath, ${sql})`
  if (dimension === 'status' && /^\dxx$/.test(value)) return `statusCode // 100 = ${value[0]}`
  return value === '' ? `${sql} IS NULL` : `${sql} = ${quote(value)}`
}

/** The rows of a selection: `{ from, to, filters }`, times in milliseconds and `filters` by dimension. */
function rowsOf({ from, to, filters = {} }) {
  const at = (ms) => `make_timestamp(${Math.round(ms)}000::BIGINT)`
  const tests = [`timestamp >= ${at(from)}`, `timestamp < ${at(to)}`, ...Object.entries(filters).map(testOf)]
  return `analytics WHERE ${tests.join(' AND ')}`
}

/** The whole picture in one reading of the files: in all, by slot of time, by route, and by one more dimension. */
export async function summarize(ask, selection, by, step) {
  const groups = by === 'route' ? ['slot', 'route'] : ['slot', 'route', 'item']
  const rows = await ask(`
    SELECT *, p[1] AS p50, p[2] AS p95, p[3] AS p99 FROM (
      SELECT CASE ${groups.map((name) => `WHEN grouping(${name}) = 0 THEN '${name}'`).join(' ')} ELSE 'all' END AS kind,
        ${groups}, count(*)::DOUBLE AS requests,
        count(*) FILTER (statusCode BETWEEN 400 AND 499)::DOUBLE AS refused,
        count(*) FILTER (statusCode >= 500)::DOUBLE AS failed,
        sum(responseSize)::DOUBLE AS sent,
        quantile_cont(durationMs, [0.5, 0.95, 0.99]) AS p
      FROM (
        SELECT *, (epoch_ms(timestamp) // ${step} * ${step})::DOUBLE AS slot, ${sqlOf('route')} AS route, ${sqlOf(by)} AS item
        FROM ${rowsOf(selection)}
      ) GROUP BY GROUPING SETS ((), ${groups.map((name) => `(${name})`)})
    ) ORDER BY requests DESC, ${groups}`)
  const of = (kind) => rows.filter((row) => row.kind === kind)
  const routes = of('route').map(({ route, ...row }) => ({ ...row, item: route }))
  return { all: of('all')[0], slots: of('slot'), routes, items: by === 'route' ? routes : of('item') }
}

/** When the newest request of a span began; null where it has none. */
export async function newestRequest(ask, span) {
  return (await ask(`SELECT epoch_ms(max(timestamp))::DOUBLE AS at FROM ${rowsOf(span)}`))[0].at
}

/** What one can group by: columns that say what a request was, and the labels that the first rows carry. */
export async function dimensionsOf(ask, selection, columns) {
  const first = `SELECT dimensions FROM ${rowsOf(selection)} LIMIT 20000`
  const some = await ask(`SELECT DISTINCT dimensions FROM (${first}) LIMIT 1000`)
  const labels = new Set(some.flatMap(({ dimensions }) => Object.keys(JSON.parse(dimensions ?? '{}'))))
  const names = columns.map(({ name }) => name).filter((name) => !NO_DIMENSIONS.includes(name))
  return ['route', 'status', ...names, ...[...labels].map((key) => `label.${key}`)]
}

/**
 * A hundred requests with the traceIds that find them in the request log. TraceIds are most of a file's bytes, so they
 * are read only around the rows that are shown.
 */
export async function requestsOf(ask, selection, order) {
  const sorted = order === 'newest' ? 'timestamp DESC, durationMs DESC' : 'durationMs DESC, timestamp DESC'
  const read = (of, trace = '') =>
    ask(`SELECT epoch_ms(timestamp)::DOUBLE AS at, ${sqlOf('route')} AS route, statusCode AS status, durationMs AS took,
      responseSize::DOUBLE AS sent ${trace} FROM ${rowsOf(of)} ORDER BY ${sorted} LIMIT 100`)
  const times = (await read(selection)).map(({ at }) => at)
  const around = { ...selection, from: Math.min(...times), to: Math.max(...times) + 1 }
  return times.length ? read(around, ', traceId AS trace') : []
}
