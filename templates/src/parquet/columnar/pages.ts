import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { ByteSink } from './byte-sink.ts'
import { writeRepeated, writeRun } from './encodings.ts'

/** Numbers of the format: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export const ENCODINGS = {
  PLAIN: 0,
  RLE: 3,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  RLE_DICTIONARY: 8,
} as const
const DICTIONARY_PAGE = 2
const DATA_PAGE_V2 = 3

/** How pages are compressed; a file may mix them: https://parquet.apache.org/docs/file-format/data-pages/compression/ */
export interface Codec {
  readonly name: 'ZSTD' | 'GZIP'
  compress(bytes: Uint8Array): Uint8Array
}

/** A page as it lies in a file, in parts that follow each other. */
export interface Page {
  parts: Uint8Array[]
  /** Bytes it would take uncompressed. */
  uncompressed: number
}

export function dictionaryPage(bytes: Uint8Array, values: number, codec: Codec): Page {
  const body = codec.compress(bytes)
  const header = serialize({
    field_1: DICTIONARY_PAGE,
    field_2: bytes.length,
    field_3: body.length,
    field_7: { field_1: values, field_2: ENCODINGS.PLAIN },
  })
  return { parts: [header, body], uncompressed: header.length + bytes.length }
}

/** `isPresent` has a 1 for each row with a value and a 0 for NULL; left out where all rows have one. */
export function dataPage(
  page: { rows: number; nulls: number; isPresent?: Int32Array; encoding: keyof typeof ENCODINGS; values: Uint8Array },
  codec: Codec,
): Page {
  const { rows, nulls, isPresent, encoding, values } = page
  const levels = new ByteSink(16)
  if (isPresent) writeRun(levels, isPresent, 1)
  else writeRepeated(levels, 1, rows, 1)
  const compressed = values.length > 0 ? codec.compress(values) : values
  // What does not shrink is quicker to read as it is.
  const shrinks = compressed.length < values.length * 0.97
  const body = shrinks ? compressed : values.slice()
  const header = serialize({
    field_1: DATA_PAGE_V2,
    field_2: levels.length + values.length,
    field_3: levels.length + body.length,
    field_8: {
      field_1: rows,
      field_2: nulls,
      field_3: rows,
      field_4: ENCODINGS[encoding],
      field_5: levels.length,
      field_6: 0, // no repetition levels: columns are flat
      field_7: shrinks,
    },
  })
  return { parts: [header, levels.bytes, body], uncompressed: header.length + levels.length + values.length }
}

function serialize(header: Record<`field_${number}`, unknown>): Uint8Array {
  const writer = new ByteWriter()
  serializeTCompactProtocol(writer, header)
  return writer.getBytes()
}
