import { duckdbWasmParquetMerger, duckdbWasmParquetWriter } from '../parquet/duckdb-wasm.ts'

/** What writes the files of the lake, and what merges them: in row groups that 128 MB hold beside everything else. */
export const openEngine = () => ({
  writer: duckdbWasmParquetWriter(),
  merger: duckdbWasmParquetMerger({ rowGroupRows: 20_000 }),
})
