import { type ColumnMetaData, type FileMetaData, parquetMetadataAsync, type RowGroup } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import type { Bytes, FooterMetadata, MergeInput } from '../types.ts'

/** A row group where it lies. */
export interface RowGroupSource {
  input: MergeInput
  group: RowGroup
}

export const MAGIC = new TextEncoder().encode('PAR1')
/** Row groups are copied in reads of this many bytes. */
const READ_BYTES = 4 * 1024 * 1024
/** No rows, then an empty list whose type is open: arrow-rs does not take it, and no list at all is no choice here. */
const NO_ROW_GROUPS = Uint8Array.of(0x16, 0, 0x19, 0)
/** As by default, but bounds of texts keep the byte order mark that they may begin with. */
const parsers = { stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString() }
/** Most footers fit into the first read. */
export const FOOTER_OPTIONS = { geoparquet: false, initialFetchSize: 64 * 1024, parsers }

/** Footer of a file, by reads from its end; throws and names a file that is damaged. */
export async function readFooter(input: MergeInput): Promise<FileMetaData> {
  let unread: unknown
  const slice = async (from: number, to = input.size) => {
    const bytes = await readExactly(input, from, to - from).catch((error) => {
      unread = error
      throw error
    })
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  }
  try {
    const footer = await parquetMetadataAsync({ byteLength: input.size, slice }, FOOTER_OPTIONS)
    const last = input.size - footer.metadata_length - 8
    const inside = footer.row_groups.map(rowGroupRange).every(({ offset, end }) => offset >= 4 && end <= last)
    if (!inside || countRows(footer.row_groups) !== footer.num_rows) throw new Error('its footer contradicts itself')
    return footer
  } catch (cause) {
    // What could not be read may well be whole.
    if (cause === unread) throw cause
    throw new Error(`${input.name} is no whole Parquet file (${cause}): restore it or move it away`, { cause })
  }
}

export async function readExactly(input: MergeInput, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await input.read(offset, length)
  if (bytes.length !== length) throw new Error(`${input.name}: ${bytes.length} of ${length} bytes came from ${offset}`)
  return bytes
}

export const keyValues = (footer: FileMetaData): FooterMetadata =>
  Object.fromEntries((footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']))

const countRows = (groups: readonly RowGroup[]) => groups.reduce((rows, group) => rows + group.num_rows, 0n)

export function chunkRange(chunk: ColumnMetaData): { offset: number; end: number } {
  const offset = Number(chunk.dictionary_page_offset || chunk.data_page_offset)
  return { offset, end: offset + Number(chunk.total_compressed_size) }
}

export function rowGroupRange(group: RowGroup): { offset: number; end: number } {
  const ranges = group.columns.flatMap(({ meta_data }) => (meta_data ? chunkRange(meta_data) : []))
  return { offset: Math.min(...ranges.map(({ offset }) => offset)), end: Math.max(...ranges.map(({ end }) => end)) }
}

/** The same row group `delta` bytes further on, without the indexes and filters, which lie outside of its range. */
function shiftRowGroup(group: RowGroup, delta: number): RowGroup {
  const shift = <T extends bigint | undefined>(offset: T) => (offset ? offset + BigInt(delta) : offset) as T
  const columns = group.columns.map(({ file_offset, meta_data: chunk }) => {
    const data_page_offset = shift(chunk?.data_page_offset ?? 0n)
    const index_page_offset = shift(chunk?.index_page_offset)
    const dictionary_page_offset = shift(chunk?.dictionary_page_offset)
    const moved = { data_page_offset, index_page_offset, dictionary_page_offset, bloom_filter_offset: undefined }
    return {
      file_offset: shift(file_offset),
      meta_data: chunk && { ...chunk, ...moved, bloom_filter_length: undefined },
    }
  })
  return { ...group, columns, file_offset: shift(group.file_offset) }
}

/** One file of row groups that share a schema: their bytes as they are, under a new footer. */
export async function* joinRowGroups(
  schema: FileMetaData['schema'],
  sources: Iterable<RowGroupSource> | AsyncIterable<RowGroupSource>,
  metadata: (rows: number) => FooterMetadata,
): Bytes {
  const groups: RowGroup[] = []
  let position = MAGIC.length
  yield MAGIC
  for await (const { input, group } of sources) {
    const { offset, end } = rowGroupRange(group)
    for (let at = offset; at < end; at += READ_BYTES) yield readExactly(input, at, Math.min(READ_BYTES, end - at))
    groups.push(shiftRowGroup(group, position - offset))
    position += end - offset
  }
  yield footerBytes(schema, groups, metadata(Number(countRows(groups))))
}

/** What follows the last row group: the footer, its length and the magic. */
export function footerBytes(schema: FileMetaData['schema'], groups: RowGroup[], metadata: FooterMetadata): Uint8Array {
  const writer = new ByteWriter()
  const pairs = Object.entries(metadata).map(([key, value]) => ({ key, value }))
  const key_value_metadata = pairs.length > 0 ? pairs : undefined // arrow-rs takes no list whose type is open
  const footer = { version: 1, schema, num_rows: countRows(groups), row_groups: groups, key_value_metadata }
  // Without the third argument, statistics of text would be cut to 16 bytes.
  writeMetadata(writer, { ...footer, metadata_length: 0 }, Number.POSITIVE_INFINITY)
  writer.appendBytes(MAGIC)
  const bytes = Buffer.from(writer.getBytes())
  if (groups.length === 0) bytes[bytes.indexOf(NO_ROW_GROUPS) + 3] = 0x0c // structs
  return bytes
}
