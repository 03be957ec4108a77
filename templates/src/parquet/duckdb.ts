import { createRequire } from 'node:module'

/** The last release with Parquet built in: later ones fetch it from the network at run time. */
const VERSION = '1.28.0'

export async function startDuckDB() {
  const install = `npm install --save-exact @duckdb/duckdb-wasm@${VERSION}`
  const duckdb = await import('@duckdb/duckdb-wasm/blocking').catch((cause) => {
    throw new Error(`Parquet needs DuckDB, which is not installed: ${install}`, { cause })
  })
  if (duckdb.PACKAGE_VERSION !== VERSION) throw new Error(`DuckDB ${duckdb.PACKAGE_VERSION} will not do: ${install}`)
  const mainModule = createRequire(import.meta.url).resolve('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm')
  const bundle = { mainModule, mainWorker: '' }
  const db = await duckdb.createDuckDB({ mvp: bundle, eh: bundle }, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME)
  await db.instantiate()
  db.open({})
  return { db, connection: db.connect() }
}
