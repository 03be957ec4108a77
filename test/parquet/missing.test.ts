import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const RUN = `
  import { duckdbWasmParquetWriter } from './parquet/duckdb-wasm.ts'
  import { columns } from './schema.ts'
  const batch = duckdbWasmParquetWriter().open(columns)
  await batch.finish({}).then(() => console.log('written'), (error) => console.log(error.message))
`
let project = ''

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'engine-'))
  cpSync('templates/src', join(project, 'src'), { recursive: true })
  mkdirSync(join(project, 'node_modules'))
  for (const name of ['hyparquet', 'hyparquet-writer']) {
    symlinkSync(resolve('node_modules', name), join(project, 'node_modules', name))
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(project, 'src/run.ts'), RUN)
})
afterEach(() => rmSync(project, { recursive: true }))

const run = async () =>
  (await promisify(execFile)(process.execPath, ['--import', tsx, join(project, 'src/run.ts')])).stdout

it('says what to install when DuckDB is missing, and writes nothing else instead', async () => {
  expect(await run()).toMatch(/DuckDB, which is not installed: npm install .*@duckdb\/duckdb-wasm@1\.28\.0/)
})

it('refuses a release that would fetch Parquet from the network', async () => {
  const folder = join(project, 'node_modules/@duckdb/duckdb-wasm')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "exports": { "./blocking": "./blocking.cjs" } }')
  writeFileSync(join(folder, 'blocking.cjs'), "exports.PACKAGE_VERSION = '1.29.0'")
  expect(await run()).toMatch(/DuckDB 1\.29\.0 will not do: npm install --save-exact @duckdb\/duckdb-wasm@1\.28\.0/)
})
