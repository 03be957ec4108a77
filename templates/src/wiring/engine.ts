import { duckdbWasmParquetMerger, duckdbWasmParquetWriter } from '../parquet/duckdb-wasm.ts'

/** What writes the files of the lake, and what merges them. */
export const openEngine = () => ({ writer: duckdbWasmParquetWriter(), merger: duckdbWasmParquetMerger() })
