/**
 * Texts compared, copied and hashed in words: much of what an engine does, and each too short for a call of the runtime.
 * Eight bytes go through a number, as it is the widest that needs no object. Nothing is lost: no eight bytes of UTF-8
 * are NaN or -0.
 */

export const viewOf = <T extends ArrayBufferLike>({ buffer, byteOffset, length }: Uint8Array<T>) =>
  new DataView(buffer, byteOffset, length)

/** Of two texts that are as long as each other. */
export function isEqual(a: DataView, startA: number, b: DataView, startB: number, length: number): boolean {
  if (length < 8) {
    for (let i = 0; i < length; i++) if (a.getUint8(startA + i) !== b.getUint8(startB + i)) return false
    return true
  }
  const last = length - 8
  for (let i = 0; i < last; i += 8) if (a.getFloat64(startA + i, true) !== b.getFloat64(startB + i, true)) return false
  return a.getFloat64(startA + last, true) === b.getFloat64(startB + last, true)
}

export function copyText(source: DataView, start: number, target: DataView, at: number, length: number): void {
  if (length < 8) {
    for (let i = 0; i < length; i++) target.setUint8(at + i, source.getUint8(start + i))
    return
  }
  const last = length - 8
  for (let i = 0; i < last; i += 8) target.setFloat64(at + i, source.getFloat64(start + i, true), true)
  target.setFloat64(at + last, source.getFloat64(start + last, true), true)
}

/** As MurmurHash does: https://en.wikipedia.org/wiki/MurmurHash. A text is its words, then what is left of it. */
export function hashOf(bytes: DataView, start: number, end: number): number {
  let hash = 0
  let i = start
  for (; i + 4 <= end; i += 4) hash = mix(hash, bytes.getInt32(i, true))
  for (; i < end; i++) hash = mixByte(hash, bytes.getUint8(i))
  return hash
}

export function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

export const mixByte = (hash: number, byte: number) => Math.imul(hash ^ byte, 0x01000193) ^ (hash >>> 11)

/**
 * How many of four bytes in a string come before the first that is a quote, a backslash, below a space or beyond ASCII.
 * https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
 */
export function plainBytes(word: number): number {
  const quote = word ^ 0x22222222
  const backslash = word ^ 0x5c5c5c5c
  const others =
    (((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((word - 0x20202020) & ~word) | word) &
    0x80808080
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >> 3
}
