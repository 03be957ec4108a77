import { keyValues, readFooter } from '../../templates/src/parquet/footer.ts'
import { columns } from '../../templates/src/schema.ts'
import type { FooterMetadata, ParquetMerger, ParquetWriter } from '../../templates/src/types.ts'
import { fakeMerger } from '../../templates/test/fake-merger.ts'
import { fakeWriter } from '../../templates/test/fakes.ts'
import { ask, duckdbWasm, inputOf } from '../parquet/helpers.ts'

export interface StoredFile {
  metadata: FooterMetadata
  /** One text per row, with all of it that a run of the processor decides on. */
  rows: string[]
}

/** An engine, and a way of reading its files that is not its own. Reading throws where a file is none. */
export interface Engine {
  writer: ParquetWriter
  merger: ParquetMerger
  read(bytes: Uint8Array): Promise<StoredFile>
}

export const rowText = (id: string, gatewayName: string, timestampMs: number) => `${id} ${gatewayName} ${timestampMs}`

const [timestamp, gatewayName, traceId] = ['timestamp', 'gatewayName', 'traceId'].map((name) =>
  columns.findIndex((column) => column.name === name),
) as [number, number, number]

/** JSON in place of Parquet: fast. */
export const fakeEngine: Engine = {
  writer: fakeWriter,
  merger: fakeMerger,
  async read(bytes) {
    const file = JSON.parse(Buffer.from(bytes).toString()) as { metadata: FooterMetadata; rows: unknown[][] }
    const rows = file.rows.map((row) => rowText(String(row[traceId]), String(row[gatewayName]), Number(row[timestamp])))
    return { metadata: file.metadata, rows }
  },
}

/** The Parquet that users get, read by a native DuckDB. Started at once: afterwards it waits for nothing any more. */
export async function startRealEngine({ writer, merger } = duckdbWasm): Promise<Engine> {
  await writer.open(columns).finish({})
  return { writer, merger: merger(), read }
}

async function read(bytes: Uint8Array): Promise<StoredFile> {
  const metadata = keyValues(await readFooter(inputOf('file', bytes)))
  const found = await ask('SELECT traceId, gatewayName, epoch_ms(timestamp) AS at FROM read_parquet($0)', bytes)
  const rows = found.map((row) => rowText(String(row.traceId), String(row.gatewayName), Number(row.at)))
  return { metadata, rows }
}
