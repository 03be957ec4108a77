import { columnarParquetMerger } from '../parquet/columnar/merger.ts'
import { EntryScanner } from '../parquet/columnar/scan.ts'
import { TraceEventScanner } from '../parquet/columnar/trace-events.ts'
import { columnarParquetWriter } from '../parquet/columnar/writer.ts'

/** What writes the files of the lake, and what merges them. The scanner reads the lines that `parseLine` would read. */
export function openEngine() {
  const entries = new EntryScanner()
  return {
    writer: columnarParquetWriter(entries, new TraceEventScanner(entries)),
    merger: columnarParquetMerger(),
  }
}
