import { createHash } from 'node:crypto'
import { type Granularity, hourOf } from '../src/lake/layout.ts'
import { parseLine } from '../src/processor/formats/standard.ts'
import { createProcessor, type ProcessorOptions } from '../src/processor/index.ts'
import { columns } from '../src/schema.ts'
import { type MemoryStorage, memoryStorage } from '../src/storage/memory.ts'
import type { AnalyticsEntry, FooterMetadata, LogSource, ParquetWriter } from '../src/types.ts'

/** What the fake engine writes instead of Parquet: the same promises, in JSON. */
export interface FakeFile {
  metadata: FooterMetadata
  rows: unknown[][]
}

export const encode = (file: FakeFile) => Buffer.from(JSON.stringify(file))

export const fakeWriter: ParquetWriter = {
  extension: '.parquet',
  open(columns) {
    const rows: unknown[][] = []
    return {
      get rows() {
        return rows.length
      },
      get bytes() {
        return rows.length * 100
      },
      add(entry) {
        rows.push(columns.map((column) => column.value(entry) ?? null))
      },
      finish: async (metadata) => encode({ metadata, rows: rows.sort((a, b) => Number(a[0]) - Number(b[0])) }),
    }
  },
}

/** Raw logs in memory: whole objects under a key. */
export function memoryLogs(files: Record<string, string | Uint8Array>): LogSource & { files: typeof files } {
  const bytesOf = (key: string) => Buffer.from(files[key] as string)
  const etagOf = (key: string) => createHash('md5').update(bytesOf(key)).digest('hex')
  return {
    files,
    name: 'logs',
    recheckMs: Infinity,
    async *list() {
      for (const key of Object.keys(files).sort())
        yield { key, path: key, size: bytesOf(key).length, etag: etagOf(key), lastModified: Date.now() }
    },
    async next({ key }, newest) {
      if (newest?.identity === etagOf(key)) return 'ingested'
      if (newest) throw new Error(`${key}: other content than ingested before`)
      const body = (async function* () {
        yield bytesOf(key)
      })()
      return { key, path: key, offset: 0, identity: etagOf(key), body, sha256: createHash('sha256') }
    },
    async reopen({ key, etag }) {
      const body = (async function* () {
        yield bytesOf(key)
      })()
      return key in files ? { key, path: key, offset: 0, identity: etag, body, sha256: createHash('sha256') } : null
    },
    exists: async (key) => key in files,
    async remove({ key, etag }) {
      if (!(key in files) || etagOf(key) !== etag) return false
      delete files[key]
      return true
    },
  }
}

/** An entry as the policy would emit it; `over` replaces what a test is about. */
export function entry(over: Partial<AnalyticsEntry> = {}): AnalyticsEntry {
  return {
    _type: 'stoma_analytics',
    timestamp: '2026-03-04T05:06:07.890Z',
    gatewayName: 'shop',
    routePath: '/products/:id',
    method: 'GET',
    statusCode: 200,
    durationMs: 12.5,
    responseSize: 512,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    ...over,
  }
}

export const lines = (...entries: (AnalyticsEntry | string)[]) =>
  entries.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')

export interface TestLake {
  storage: MemoryStorage
  ingest(over?: Partial<ProcessorOptions>): ReturnType<ReturnType<typeof createProcessor>['run']>
  /** Keys in the lake that end with this. */
  keys(ending: string): string[]
  /** Rows by trace id in everything that a plain glob over the lake reads, sorted. */
  traceIds(): Promise<string[]>
}

/** A lake in memory over these logs, with the real processor. */
export function testLake(source: LogSource, granularity: Granularity = 'day'): TestLake {
  const storage = memoryStorage()
  const place = { storage, prefix: 'analytics', granularity, columns }
  const keys = (ending: string) => [...storage.objects.keys()].filter((key) => key.endsWith(ending)).sort()
  return {
    storage,
    keys,
    ingest: (over) => createProcessor({ ...place, source, writer: fakeWriter, parseLine, ...over }).run(),
    traceIds: () => rowsIn(storage),
  }
}

/** Rows by trace id in everything of a lake that a plain glob reads, sorted. */
export async function rowsIn(storage: MemoryStorage): Promise<string[]> {
  const traceId = columns.findIndex(({ name }) => name === 'traceId')
  const found: string[] = []
  for (const [key, { bytes }] of storage.objects)
    if (key.endsWith('.parquet'))
      found.push(...(JSON.parse(Buffer.from(bytes).toString()) as FakeFile).rows.map((row) => String(row[traceId])))
  return found.sort()
}

export const hourFolder = (timestamp: string) =>
  hourOf(Date.parse(timestamp)).replace(/(\d{4})(\d\d)(\d\d)(\d\d)/, '$1/$2/$3/$4')
