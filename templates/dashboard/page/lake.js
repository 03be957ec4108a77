import { AsyncDuckDB, DuckDBDataProtocol, VoidLogger } from './vendor/duckdb.js'

const TRIES = 3
let engine
/** The look before: files of one must not be exchanged under another. */
let before = Promise.resolve()

/**
 * Lets `work(ask, lake)` ask the view `analytics`, which has exactly the rows of `{ from, to }` (and some around it).
 * When a file is replaced or deleted meanwhile, its server refuses to serve it, and all of `work` is done again on the
 * files of now. `lake` is what `api/files` says.
 */
export function withLake(window, work) {
  const result = before.then(() => tryOut(window, work))
  before = result.catch(() => {}) // whoever asked is told
  return result
}

async function tryOut({ from, to }, work) {
  for (let tried = 1; ; tried++) {
    const lake = await getJson(`api/files?from=${from}&to=${to}`)
    engine ??= start()
    const { db, ask, known } = await engine
    try {
      for (const file of lake.files.filter((file) => !known.has(nameOf(file)))) {
        await db.registerFileURL(nameOf(file), urlOf(file), DuckDBDataProtocol.HTTP, false)
        known.add(nameOf(file))
      }
      await ask(viewOf(lake))
      return await work(ask, lake)
    } catch (error) {
      // After a file that would not open, this DuckDB waits for it for ever: the next look gets a new one.
      engine = undefined
      await db.terminate()
      if (tried === TRIES) throw error
    }
  }
}

export async function getJson(path) {
  const response = await fetch(path)
  if (response.status === 401) location.reload()
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

async function start() {
  const db = new AsyncDuckDB(new VoidLogger(), new Worker('vendor/duckdb.worker.js'))
  await db.instantiate(new URL('vendor/duckdb.wasm', location.href).href)
  await db.open({ filesystem: { allowFullHTTPReads: false } })
  const connection = await db.connect()
  const ask = async (sql) => (await connection.query(sql)).toArray().map((row) => row.toJSON())
  return { db, ask, known: new Set() }
}

const nameOf = ({ path, etag }) => `${path}@${etag}`
const urlOf = ({ path, etag }) => new URL(`lake/${path}?etag=${encodeURIComponent(etag)}`, location.href).href

/** Has every column of today, also where there is no file, or only files from before a column was added. */
function viewOf({ files, columns }) {
  const none = `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS "${name}"`)} WHERE false`
  const names = files.map((file) => `'${nameOf(file).replaceAll("'", "''")}'`)
  const all = `UNION ALL BY NAME FROM read_parquet([${names}], union_by_name = true, hive_partitioning = false)`
  return `CREATE OR REPLACE VIEW analytics AS ${none} ${files.length ? all : ''}`
}
