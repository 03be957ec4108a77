import { cloudflare } from '../../cloudflare.config.ts'
import { columnarParquetMerger } from '../parquet/columnar/merger.ts'
import { TraceEventScanner } from '../parquet/columnar/trace-events.ts'
import { columnarParquetWriter } from '../parquet/columnar/writer.ts'

/** What writes the files of the lake, and what merges them. The scanner reads the lines that `parseLine` would read, and passes over the same. */
export function openEngine() {
  const events = new TraceEventScanner(cloudflare.worker)
  return {
    writer: columnarParquetWriter(events.entries, events),
    merger: columnarParquetMerger(),
  }
}
