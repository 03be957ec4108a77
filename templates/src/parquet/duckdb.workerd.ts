declare const WebAssembly: { instantiate(module: object, imports: object): Promise<object> }

/**
 * Both imports wait until the first file is written: the commands that read the lake run on Node, which cannot load the
 * second. Workers compile no WebAssembly at run time, so the module comes compiled, as a part of the deployment.
 */
export async function startDuckDB() {
  const duckdb = await import('@duckdb/duckdb-wasm/blocking')
  const { default: module } = await import('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm')
  // A Worker gets the package's build for browsers; TypeScript looks at the one for Node, which has the other runtime.
  const { BROWSER_RUNTIME: runtime } = duckdb as unknown as Record<'BROWSER_RUNTIME', typeof duckdb.NODE_RUNTIME>
  const bundle = { mainModule: 'duckdb-eh.wasm', mainWorker: '' }
  const db = await duckdb.createDuckDB({ mvp: bundle, eh: bundle }, new duckdb.VoidLogger(), runtime)
  Object.assign(db, {
    instantiateWasm(imports: object, done: (instance: object, module: object) => void) {
      Object.assign(globalThis, { DUCKDB_RUNTIME: runtime })
      WebAssembly.instantiate(module, imports).then((instance) => done(instance, module))
      return []
    },
  })
  await db.instantiate()
  db.open({})
  return { db, connection: db.connect() }
}
