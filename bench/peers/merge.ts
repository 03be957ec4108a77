/** Fragments into one file: `merge.js <engine> <input folder> <output folder>`. */
import { createWriteStream, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { columnarParquetMerger } from '../../templates/src/parquet/columnar/merger.ts'
import { duckdbWasmParquetMerger } from '../../templates/src/parquet/duckdb-wasm.ts'
import { columns } from '../../templates/src/schema.ts'
import type { MergeInput } from '../../templates/src/types.ts'

const [engine, input = '', output = ''] = process.argv.slice(2)
const files = readdirSync(input)
  .sort()
  .map((name): MergeInput => {
    const path = join(input, name)
    const file = openSync(path, 'r')
    return {
      name,
      size: statSync(path).size,
      async read(offset, length) {
        const bytes = Buffer.allocUnsafe(length)
        return bytes.subarray(0, readSync(file, bytes, 0, length, offset))
      },
    }
  })
async function* cat() {
  for (const { size, read } of files) yield await read(0, size)
}
const body =
  engine === 'cat'
    ? cat()
    : (engine === 'columnar' ? columnarParquetMerger() : duckdbWasmParquetMerger()).merge(files, columns, (rows) => ({
        rows: String(rows),
      }))
await pipeline(Readable.from(body), createWriteStream(join(output, 'all.parquet')))
