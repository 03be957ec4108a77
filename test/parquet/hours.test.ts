import { expect, it } from 'vitest'
import { columnarParquetWriter } from '../../templates/src/parquet/columnar/writer.ts'
import { columns } from '../../templates/src/schema.ts'
import type { ParquetBatch, ParquetWriter } from '../../templates/src/types.ts'
import { entry, lines, memoryLogs, testLake } from '../../templates/test/fakes.ts'

/** A writer, and the most bytes that its unfinished batches held at once. */
function watched(writer: ParquetWriter) {
  const open = new Set<ParquetBatch>()
  let most = 0
  const watching: ParquetWriter = {
    ...writer,
    open(columns) {
      const batch = writer.open(columns)
      const { finish } = batch
      open.add(batch)
      most = Math.max(
        most,
        [...open].reduce((sum, { bytes }) => sum + bytes, 0),
      )
      batch.finish = (metadata) => {
        open.delete(batch)
        return finish.call(batch, metadata)
      }
      return batch
    },
  }
  return { writer: watching, most: () => most }
}

it('a log of hundreds of hours is flushed by its bytes, too: an empty buffer is memory as well', async () => {
  const hours = Array.from({ length: 500 }, (_, n) => new Date(Date.UTC(2025, 0, 1, n)).toISOString())
  const { writer, most } = watched(columnarParquetWriter())
  const maxBufferBytes = 20 * columnarParquetWriter().open(columns).bytes
  const lake = testLake(memoryLogs({ 'a.ndjson': lines(...hours.map((timestamp) => entry({ timestamp }))) }))
  expect(await lake.ingest({ writer, maxBufferBytes })).toMatchObject({ rows: 500, errors: [] })
  expect(most()).toBeLessThan(1.2 * maxBufferBytes)
})
