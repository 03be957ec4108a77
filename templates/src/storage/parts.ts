import type { Bytes } from '../types.ts'

/** What object stores ask of all parts of an upload but the last is 5 MiB, and that they are of equal size. */
export const PART_BYTES = 8 << 20

/** The first part of a body, and all parts with it: only who has seen it knows whether there are several. */
export async function startParts(body: Bytes): Promise<[first: Uint8Array, parts: Bytes]> {
  const rest = partsOf(body)[Symbol.asyncIterator]()
  const first = (await rest.next()).value as Uint8Array
  const parts = (async function* () {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  })()
  return [first, parts]
}

/** Cuts a body into parts of exactly `PART_BYTES`, the last one shorter or empty. Holds one part at a time. */
async function* partsOf(body: Bytes): AsyncIterable<Uint8Array> {
  let part = new Uint8Array(PART_BYTES)
  let filled = 0
  for await (const chunk of body)
    for (let at = 0; at < chunk.length; ) {
      if (filled === PART_BYTES) {
        yield part
        part = new Uint8Array(PART_BYTES)
        filled = 0
      }
      const piece = chunk.subarray(at, at + PART_BYTES - filled)
      part.set(piece, filled)
      filled += piece.length
      at += piece.length
    }
  yield part.subarray(0, filled)
}
