import { columnarParquetMerger } from '../parquet/columnar/merger.ts'
import { columnarParquetWriter } from '../parquet/columnar/writer.ts'

/** What writes the files of the lake, and what merges them. */
export const openEngine = () => ({ writer: columnarParquetWriter(), merger: columnarParquetMerger() })
