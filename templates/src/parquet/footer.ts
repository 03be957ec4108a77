import { type FileMetaData, type ParquetParsers, parquetMetadata, type RowGroup, type SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import type { FooterMetadata, MergeInput } from '../types.ts'

/** What a Parquet file begins and ends with. */
export const MAGIC = new TextEncoder().encode('PAR1')
/** Length of the footer, and the magic: the last bytes of a file. */
const TRAILER = 8
/** Most footers fit, so one read is enough. */
const FIRST_READ = 64 * 1024

/** Statistics are kept as they are stored: bytes cut within a character, or microseconds, would not survive a parse. */
const asStored = <T>(value: T) => value
const parsers = {
  stringFromBytes: asStored,
  timestampFromMilliseconds: asStored,
  timestampFromMicroseconds: asStored,
} as unknown as ParquetParsers

export const parseFooter = (bytes: Uint8Array) => parquetMetadata(bytes, { parsers, geoparquet: false })

/** Footer of a file, by reads from its end; throws and names a file that is damaged. */
export async function readFooter(input: MergeInput): Promise<FileMetaData> {
  try {
    if (input.size < MAGIC.length + TRAILER) throw new Error(`it has only ${input.size} bytes`)
    let tail = await readExactly(input, Math.max(0, input.size - FIRST_READ), Math.min(input.size, FIRST_READ))
    if (!MAGIC.every((byte, i) => byte === tail.at(i - MAGIC.length))) throw new Error('it does not end with PAR1')
    const length = new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER).getUint32(0, true) + TRAILER
    if (length > input.size) throw new Error('its footer is longer than the file')
    if (length > tail.length) tail = await readExactly(input, input.size - length, length)
    const footer = parseFooter(tail)
    const whole = footer.row_groups
      .map(rowGroupRange)
      .every(({ offset, end }) => offset >= 4 && end <= input.size - length)
    if (!whole || countRows(footer.row_groups) !== footer.num_rows) throw new Error('its footer contradicts itself')
    return footer
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${input.name} is no valid Parquet file: ${why}. Restore it or move it away.`, { cause })
  }
}

export async function readExactly(input: MergeInput, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await input.read(offset, length)
  if (bytes.length !== length) throw new Error(`${input.name}: got ${bytes.length} of ${length} bytes at ${offset}`)
  return bytes
}

export const keyValues = (footer: FileMetaData): FooterMetadata =>
  Object.fromEntries((footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']))

export const countRows = (groups: readonly RowGroup[]) => groups.reduce((rows, group) => rows + group.num_rows, 0n)

/** Where the bytes of a row group lie in its file. */
export function rowGroupRange(group: RowGroup): { offset: number; end: number } {
  const chunks = group.columns.map(({ meta_data }) => {
    const start = Number(meta_data?.dictionary_page_offset || meta_data?.data_page_offset)
    return [start, start + Number(meta_data?.total_compressed_size)] as const
  })
  return { offset: Math.min(...chunks.map(([start]) => start)), end: Math.max(...chunks.map(([, end]) => end)) }
}

/** The same row group `delta` bytes further on, without the indexes and filters that lie outside of its range. */
export function shiftRowGroup(group: RowGroup, delta: number): RowGroup {
  const shift = <T extends bigint | undefined>(offset: T) => (offset ? offset + BigInt(delta) : offset) as T
  const columns = group.columns.map(({ file_offset, meta_data: chunk }) => ({
    file_offset: shift(file_offset),
    meta_data: chunk && {
      ...chunk,
      data_page_offset: shift(chunk.data_page_offset),
      index_page_offset: shift(chunk.index_page_offset),
      dictionary_page_offset: shift(chunk.dictionary_page_offset),
      bloom_filter_offset: undefined,
      bloom_filter_length: undefined,
    },
  }))
  return { ...group, columns, file_offset: shift(group.file_offset) }
}

/** What follows the last row group: the footer, its length and the magic. */
export function footerBytes(schema: SchemaElement[], groups: RowGroup[], metadata: FooterMetadata = {}): Uint8Array {
  const writer = new ByteWriter()
  const key_value_metadata = Object.entries(metadata).map(([key, value]) => ({ key, value }))
  const rows = { num_rows: countRows(groups), row_groups: groups }
  // Without its third argument, writeMetadata cuts statistics of text to 16 bytes.
  writeMetadata(
    writer,
    { version: 1, schema, ...rows, key_value_metadata, metadata_length: 0 },
    Number.POSITIVE_INFINITY,
  )
  writer.appendBytes(MAGIC)
  return writer.getBytes()
}

/** The same file with these key/values in its footer. */
export function withMetadata(file: Uint8Array, metadata: FooterMetadata): Uint8Array {
  const { schema, row_groups, metadata_length } = parseFooter(file)
  return Buffer.concat([file.subarray(0, -metadata_length - TRAILER), footerBytes(schema, row_groups, metadata)])
}
