/** A flat bag of low-cardinality labels: things one would GROUP BY. */
export type Dimensions = Record<string, string | number | boolean>

/** One request as the policy emits it: one JSON line, only what one would GROUP BY, SUM, AVG or COUNT. */
export interface AnalyticsEntry {
  _type: 'stoma_analytics'
  /** Start of the request, ISO 8601 in UTC with milliseconds. */
  timestamp: string
  gatewayName: string
  /** The route's pattern (`/users/:id`), never the URL. */
  routePath: string
  method: string
  statusCode: number
  durationMs: number
  /** Bytes of the body; null where nobody said and nobody counted. */
  responseSize: number | null
  /** The bridge to the request log of this very request. */
  traceId?: string
  dimensions?: Dimensions
}

export type ColumnType = 'TIMESTAMP' | 'VARCHAR' | 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN'
export type ColumnValue = string | number | boolean | null | undefined

/** One column of the Parquet files. A TIMESTAMP's value is milliseconds since the epoch; undefined is stored as NULL. */
export interface Column {
  name: string
  type: ColumnType
  value(entry: AnalyticsEntry): ColumnValue
  /** Set where `value` is this field and nothing else: an engine may then take it from the bytes of a line. */
  field?: keyof AnalyticsEntry
}

/** Why a line that claimed to be an entry is none. `truncated` is a line cut short by whoever carried it. */
export type RejectReason = 'json' | 'encoding' | 'field' | 'timestamp' | 'future' | 'too-long' | 'truncated'

export type ParsedLine =
  | { kind: 'entry'; entry: AnalyticsEntry }
  /** A line of somebody else: an ordinary log line, a blank one. */
  | { kind: 'foreign' }
  | { kind: 'rejected'; reason: RejectReason; detail: string }

/** Turns one raw line into what it holds. A line may hold several entries, so an array of at least one. */
export interface ParseLine {
  (line: string): ParsedLine[]
  /** A line with none of these in it is foreign: it is not even decoded. */
  readonly tags: readonly string[]
}

/** Reads lines of the shape it knows as bytes, without making objects of them. */
export interface LineScanner {
  /**
   * Takes the line at `start` of these whole lines: where the next one begins. -1 leaves it to `parseLine`; a line is only
   * taken if `parseLine` would read one entry from it, with the same values.
   */
  scan(lines: Uint8Array, start: number): number
  /** Of the line taken last, in milliseconds since the epoch. */
  readonly timestamp: number
}

export interface ObjectInfo {
  key: string
  /** Bytes. */
  size: number
  /** Changes whenever the bytes change. */
  etag: string
  /** Milliseconds since the epoch by the store's own clock: compare it only with others of the same store. */
  lastModified: number
}

export type Bytes = AsyncIterable<Uint8Array>
/** `absent`: write only where nothing is. `ifMatch`: replace only this very version. */
export type PutCondition = 'absent' | { ifMatch: string }

export interface StorageReader {
  /** Objects whose key starts with `prefix` and sorts after `startAfter`, in the order of their UTF-8 bytes. */
  list(prefix: string, startAfter?: string): AsyncIterable<ObjectInfo>
  head(key: string): Promise<ObjectInfo | null>
  /** The object, or `length` bytes from `offset`; null when there is none or, with `ifMatch`, no longer this version. */
  get(
    key: string,
    options?: { offset?: number; length?: number; ifMatch?: string },
  ): Promise<{ info: ObjectInfo; body: Bytes } | null>
}

export interface StorageWriter {
  /** Writes the whole object or nothing, durably. Resolves to what was written, or null when the condition did not hold. */
  put(key: string, body: Uint8Array | Bytes, condition: PutCondition): Promise<ObjectInfo | null>
}

/** What the lake needs of a store: the processor writes fragments and marks, the compactor replaces and deletes. */
export interface CompactorStorage extends StorageReader, StorageWriter {
  /** Deletes; a key that is gone already is no error. */
  delete(keys: readonly string[]): Promise<void>
}

/** A raw log. Its key names its content for ever; its path is where it lies now, and what people call it. */
export interface SourceInfo extends ObjectInfo {
  path: string
  /** A log of other bytes that begins with the same entry: they share this key, and only one of them can have it. */
  twin?: { path: string; goesFirst: boolean }
}

/** A piece of a raw log that is to be ingested: a whole object, or what a file grew by since its newest mark. */
export interface SourceRange {
  key: string
  path: string
  /** First byte of the range in the log. */
  offset: number
  /** Identity of the version actually read (an etag; device, inode, size and mtime of a file). */
  identity: string
  /** Must be read to its end or returned, so that what is behind it closes. A chunk is good until the next is asked for. */
  body: Bytes
  /** Already fed with every byte before `offset`; whoever reads the body feeds it the rest. */
  sha256: { update(bytes: Uint8Array): unknown; digest(encoding: 'hex'): string }
}

/** Raw logs, wherever they lie. */
export interface LogSource {
  /** With the key it names a log for ever: the bucket, or a configured name. */
  readonly name: string
  /** A log this much older than its newest mark, by LastModified, is not looked at again. */
  readonly recheckMs: number
  list(): AsyncIterable<SourceInfo>
  /**
   * What of this log is not in yet, given its newest mark. `ingested`: this very version (`info.etag`) holds nothing
   * else; `later`: not now, ask again. Other bytes than the marked ones throw.
   */
  next(info: SourceInfo, newest: Mark | null): Promise<SourceRange | 'ingested' | 'later'>
  /** The range of a mark once more; null when it is gone. Whoever reads it compares the hash with the mark's. */
  reopen(info: SourceInfo, mark: Mark): Promise<SourceRange | null>
  exists(key: string): Promise<boolean>
  /** Deletes the log if it is still this version and nobody will write to it; false when it stays. */
  remove(info: SourceInfo): Promise<boolean>
}

/** The commit of one source: it exists only once every fragment it lists is stored, and is never changed. */
export interface Mark {
  sourceName: string
  key: string
  /** Where the log lay then: for people. */
  path: string
  offset: number
  identity: string
  /** Bytes of the range, as its body gave them. */
  size: number
  /** Over the log's first `offset + size` bytes, in hex. */
  sha256: string
  counts: SourceCounts
  fragments: { name: string; rows: number }[]
  schemaVersion: number
  /** When the worker wrote it, ISO 8601: for people. */
  at: string
  /** The source vanished before it was whole: its fragments belong to nobody. */
  abandoned?: true
}

/** The ledger of a source: lines + extra = entries + foreign + the rejected; entries = rows + dropped. */
export interface SourceCounts {
  lines: number
  /** Entries beyond the first that shared a line with it. */
  extra: number
  entries: number
  foreign: number
  rejected: Partial<Record<RejectReason, number>>
  /** Entries that `transform` dropped on purpose. */
  dropped: number
  rows: number
}

/** Footer key/values of a Parquet file. */
export type FooterMetadata = Record<string, string>

export interface ParquetBatch {
  /** Rows added so far. */
  readonly rows: number
  /** About how many bytes of memory they hold. */
  readonly bytes: number
  add(entry: AnalyticsEntry): void
  /** Adds the line that the writer's scanner took last. */
  addScanned?(): void
  /** The file: rows sorted by timestamp, `metadata` in its footer. Equal rows and metadata give equal bytes. */
  finish(metadata: FooterMetadata): Promise<Uint8Array>
}

export interface ParquetWriter {
  /** File ending with its dot; only valid Parquet may end in `.parquet`. */
  readonly extension: '.parquet' | '.ndjson'
  open(columns: readonly Column[]): ParquetBatch
  /** A scanner for the lines of the format at hand; none where a column wants to see the entry. */
  openScanner?(columns: readonly Column[]): LineScanner | undefined
}

/** A Parquet file to merge, read by ranges. */
export interface MergeInput {
  name: string
  size: number
  read(offset: number, length: number): Promise<Uint8Array>
}

export interface ParquetMerger {
  /**
   * Streams one file that holds the rows of all inputs, in time order as far as memory allows. `metadata` is called
   * once the rows are counted, just before the footer. An input that is no valid Parquet throws and is named.
   */
  merge(inputs: readonly MergeInput[], columns: readonly Column[], metadata: (rows: number) => FooterMetadata): Bytes
  /** Key/values of a file's footer, read by ranges from its end. */
  readMetadata(input: MergeInput): Promise<FooterMetadata>
}

/** One version of an object that stays what it is, whatever is replaced or deleted in the lake meanwhile. */
export interface Pin {
  key: string
  /** What DuckDB opens. */
  path: string
  input: MergeInput
}

export interface Pins {
  /** Gets ready for these, where that takes time. */
  prepare?(objects: readonly { key: string; etag?: string }[]): Promise<void>
  /** Pins what lies at the key now, or this version of it; null when it is gone. */
  take(key: string, etag?: string): Promise<Pin | null>
  release(): Promise<void>
}

/** Something that went wrong with one source or one partition; the others went on. */
export interface PipelineError {
  /** The source or partition. */
  where: string
  message: string
}
