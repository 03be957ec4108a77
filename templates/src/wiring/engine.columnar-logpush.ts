import { columnarParquetMerger } from '../parquet/columnar/merger.ts'
import { TraceEventScanner } from '../parquet/columnar/trace-events.ts'
import { columnarParquetWriter } from '../parquet/columnar/writer.ts'

/** What writes the files of the lake, and what merges them. The scanner reads the lines that `parseLine` would read. */
export function openEngine() {
  const events = new TraceEventScanner()
  return {
    writer: columnarParquetWriter(events.entries, events),
    merger: columnarParquetMerger(),
  }
}
