import { isUtf8 } from 'node:buffer'
import type { DecodedArray } from 'hyparquet'
import { readColumn } from 'hyparquet/src/column.js'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { getSchemaPath } from 'hyparquet/src/schema.js'
import { FITS } from '../cells.ts'
import { chunkRange, readExactly, rowGroupRange } from '../footer.ts'
import type { SourcePiece } from '../merge.ts'
import type { NamedType } from '../row-groups.ts'
import { openCodecs } from './codec.ts'
import type { ColumnData } from './row-group.ts'
import { TextColumn } from './text-column.ts'
import { viewOf } from './words.ts'

/** A row group of no more bytes is read at once: where files are far away, each read is a request. */
const READ_AT_ONCE = 1 << 20
const ADVICE = 'restore the file or move it away'

/** A row group as it was read. */
export interface Decoded {
  piece: SourcePiece
  /** By column, page by page; NULLs are null or undefined. */
  pages: DecodedArray[][]
  /** Of its texts, however often they come. */
  bytes: number
}

/** Reads a row group of any writer; columns that it lacks are NULL. Throws and names what is damaged. */
export async function readPiece(piece: SourcePiece, columns: readonly NamedType[]): Promise<Decoded> {
  const decoded: Decoded = { piece: await withBytes(piece), pages: [], bytes: 0 }
  for (const { name } of columns) {
    const pages = await readValues(decoded.piece, name)
    for (const values of pages)
      for (const value of values) {
        if (!(value instanceof Uint8Array)) continue
        if (!isUtf8(value)) throw new Error(`${piece.input.name}: a text of "${name}" is not UTF-8: ${ADVICE}`)
        decoded.bytes += value.length
      }
    decoded.pages.push(pages)
  }
  return decoded
}

async function withBytes(piece: SourcePiece): Promise<SourcePiece> {
  const { offset, end } = rowGroupRange(piece.group)
  if (!(end > offset && end - offset <= READ_AT_ONCE)) return piece
  const bytes = await readExactly(piece.input, offset, end - offset)
  const read = async (from: number, length: number) => bytes.subarray(from - offset, from - offset + length)
  return { ...piece, input: { ...piece.input, read } }
}

export function appendRows(
  { piece, pages }: Decoded,
  columns: readonly NamedType[],
  data: readonly ColumnData[],
  firstRow: number,
): void {
  for (const [i, { name, type }] of columns.entries()) {
    const column = data[i] as ColumnData
    const stored = piece.schema.findLast((element) => isNamed(element.name, name))?.converted_type
    const isMicroseconds = type === 'TIMESTAMP' && stored === 'TIMESTAMP_MICROS'
    let row = firstRow
    for (const values of pages[i] ?? []) {
      for (const value of values) {
        if (column instanceof TextColumn) column.set(row++, value instanceof Uint8Array ? value : null)
        else if (value === null || value === undefined) column.set(row++, null)
        else {
          const number = isMicroseconds ? Math.floor(Number(value) / 1000) : Number(value)
          if (type !== 'BOOLEAN' && !FITS[type](number))
            throw new Error(`${piece.input.name}: ${value} in "${name}" is more than ${type} holds here: ${ADVICE}`)
          column.set(row++, number)
        }
      }
    }
  }
}

/** Values of a column as they are stored, page by page; NULLs are null or undefined. */
async function readValues({ input, group, schema, rows }: SourcePiece, name: string): Promise<DecodedArray[]> {
  const chunk = group.columns.find(({ meta_data }) => isNamed(meta_data?.path_in_schema[0], name))?.meta_data
  if (!chunk) return [new Array(rows).fill(null)]
  const { offset, end } = chunkRange(chunk)
  const bytes = await readExactly(input, offset, end - offset)
  const [root, column] = getSchemaPath(schema, chunk.path_in_schema)
  if (!root || !column) throw new Error(`${input.name}: its schema has no column "${name}"`)
  // Without its logical type, a text stays bytes and a time a number.
  const element = { ...column.element, converted_type: undefined, logical_type: undefined }
  const { reading: compressors } = await openCodecs()
  const decoder = {
    ...chunk,
    pathInSchema: chunk.path_in_schema,
    element,
    schemaPath: [root, { ...column, element }],
    compressors,
    parsers: DEFAULT_PARSERS,
    utf8: false,
  }
  try {
    const reader = { view: viewOf(bytes), offset: 0 }
    const { data } = readColumn(reader, { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows }, decoder)
    const found = data.reduce((sum, page) => sum + page.length, 0)
    if (found !== rows) throw new Error(`${found} values for ${rows} rows`)
    return data
  } catch (cause) {
    throw new Error(`${input.name}: the pages of "${name}" cannot be read (${cause}): ${ADVICE}`, { cause })
  }
}

/** As for DuckDB, names that differ in case only are one. */
const isNamed = (found: string | undefined, name: string) => found?.toLowerCase() === name.toLowerCase()
