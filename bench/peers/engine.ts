/**
 * Lines into Parquet by one engine, as a process of its own: `engine.js <engine> <format> <input folder> <output folder>`.
 * All read the same way and write a file per 100,000 rows; only `columnar` reads lines as bytes. WORKERS share the files.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { EntryScanner } from '../../templates/src/parquet/columnar/scan.ts'
import { TraceEventScanner } from '../../templates/src/parquet/columnar/trace-events.ts'
import { columnarParquetWriter } from '../../templates/src/parquet/columnar/writer.ts'
import { duckdbWasmParquetWriter } from '../../templates/src/parquet/duckdb-wasm.ts'
import { readEntries, startReading } from '../../templates/src/processor/entries.ts'
import { traceEvents } from '../../templates/src/processor/formats/cloudflare.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { columns } from '../../templates/src/schema.ts'
import { readRange } from '../../templates/src/storage/local.ts'
import type { Column, ParquetBatch, ParquetWriter } from '../../templates/src/types.ts'
import { shareOut } from './share.ts'

const [engine = '', format, input = '', output = ''] = process.argv.slice(2)
const ROWS = Number(process.env.ROWS ?? 100_000)

/** Rows as arrays of cells, for writers that take whole columns. */
function arrays(finish: (columns: readonly Column[], cells: unknown[][]) => Promise<Uint8Array>): ParquetWriter {
  return {
    extension: '.parquet',
    open(columns): ParquetBatch {
      const cells: unknown[][] = columns.map(() => [])
      const batch = {
        rows: 0,
        bytes: 0,
        add(entry: Parameters<ParquetBatch['add']>[0]) {
          for (const [i, column] of columns.entries()) cells[i]?.push(column.value(entry) ?? null)
          batch.rows++
        },
        finish: () => finish(columns, cells),
      }
      return batch
    },
  }
}

const HYPARQUET = {
  VARCHAR: 'STRING',
  DOUBLE: 'DOUBLE',
  INTEGER: 'INT32',
  BIGINT: 'INT64',
  BOOLEAN: 'BOOLEAN',
} as const

const hyparquetWriter = arrays(async (columns, cells) => {
  const columnData = columns.map(({ name, type }, i) => {
    const data = cells[i] as unknown[]
    if (type === 'TIMESTAMP')
      return { name, type: 'TIMESTAMP' as const, data: data.map((ms) => new Date(ms as number)) }
    if (type === 'BIGINT')
      return { name, type: 'INT64' as const, data: data.map((n) => (n === null ? null : BigInt(n as number))) }
    return { name, type: HYPARQUET[type], data }
  })
  return new Uint8Array(parquetWriteBuffer({ columnData }))
})

async function parquetWasm(): Promise<ParquetWriter> {
  const { makeData, vectorFromArray, Table, Utf8, Float64, Int32, Int64, TimestampMillisecond, tableToIPC } =
    await import(
      // @ts-expect-error: its types are not among its exports
      'apache-arrow'
    )
  void makeData
  const wasm = await import('parquet-wasm/node')
  const types = {
    VARCHAR: Utf8,
    DOUBLE: Float64,
    INTEGER: Int32,
    BIGINT: Int64,
    TIMESTAMP: TimestampMillisecond,
    BOOLEAN: Int32,
  }
  const properties = () => new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression.ZSTD).build()
  return arrays(async (columns, cells) => {
    const vectors = columns.map(({ name, type }, i) => {
      const data = cells[i] as unknown[]
      const values = type === 'BIGINT' ? data.map((n) => (n === null ? null : BigInt(n as number))) : data
      return [name, vectorFromArray(values, new types[type]())]
    })
    const table = wasm.Table.fromIPCStream(tableToIPC(new Table(Object.fromEntries(vectors)), 'stream'))
    return wasm.writeParquet(table, properties())
  })
}

const writers: Record<string, () => ParquetWriter | Promise<ParquetWriter>> = {
  columnar: () => {
    if (format === 'standard') return columnarParquetWriter(new EntryScanner())
    const events = new TraceEventScanner()
    return columnarParquetWriter(events.entries, events)
  },
  'duckdb-wasm': duckdbWasmParquetWriter,
  'hyparquet-writer': () => hyparquetWriter,
  'parquet-wasm': parquetWasm,
}
const writer = (await writers[engine]?.()) as ParquetWriter
let batch = writer.open(columns)
let files = 0
const flush = async () => {
  writeFileSync(
    join(output, `${process.pid}-${String(files++).padStart(4, '0')}.parquet`),
    await batch.finish({ bench: engine }),
  )
  batch = writer.open(columns)
}
const full = () => (batch.rows >= ROWS ? flush() : undefined)
const scanner = writer.openScanner?.(columns)
const { names, finished } = shareOut(input, Number(process.env.WORKERS ?? 1))
for await (const name of names) {
  const file = await open(join(input, name))
  const body = readRange(file, 0, (await file.stat()).size, Buffer.allocUnsafe(1 << 19))
  const range = { key: name, path: name, offset: 0, identity: '', body, sha256: createHash('sha256') }
  range.sha256 = { update: () => {}, digest: () => '' } as never // no peer hashes its input
  await readEntries(
    range,
    startReading(),
    { parseLine: format === 'standard' ? parseLine : traceEvents() },
    {
      add: ({ entry }) => {
        batch.add(entry)
        return full()
      },
      scanned: scanner && {
        scanner,
        add: () => {
          batch.addScanned?.()
          return full()
        },
      },
    },
  )
  await file.close()
}
if (batch.rows > 0) await flush()
await finished()
