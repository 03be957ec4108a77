import zlib from 'node:zlib'

/** How pages are compressed; a file may mix them: https://parquet.apache.org/docs/file-format/data-pages/compression/ */
export interface Codec {
  readonly name: 'ZSTD' | 'GZIP'
  compress(bytes: Uint8Array): Uint8Array
}

/** In the types of Node from 22.15 on. */
interface Zstd {
  zstdCompressSync(bytes: Uint8Array, options?: object): Buffer
  zstdDecompressSync(bytes: Uint8Array): Buffer
  constants: { ZSTD_c_compressionLevel: number; ZSTD_c_checksumFlag: number }
}
const zstd = zlib as unknown as Zstd
const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum } = zstd.constants
/**
 * Level 3 took three times as long and made nothing smaller: most bytes are random ids.
 * With checksums, so that whoever reads a damaged page refuses it.
 */
const zstdOptions = { params: { [level]: 1, [checksum]: 1 } }
/** Looking for repetitions took thrice as long and found none: pages are of values that differ. */
const gzipOptions = { level: 1, strategy: zlib.constants.Z_HUFFMAN_ONLY }

export const ZSTD: Codec = { name: 'ZSTD', compress: (bytes) => zstd.zstdCompressSync(bytes, zstdOptions) }
export const GZIP: Codec = { name: 'GZIP', compress: (bytes) => zlib.gzipSync(bytes, gzipOptions) }

/** What pages of any writer may need to be read. */
export const decompressors = {
  ZSTD(bytes: Uint8Array) {
    if (!zstd.zstdDecompressSync) throw new Error('ZSTD needs Node 22.15 or newer')
    return zstd.zstdDecompressSync(bytes)
  },
  GZIP: (bytes: Uint8Array) => zlib.gunzipSync(bytes),
}

let best: Codec | undefined

/**
 * ZSTD where the runtime has it: Node from 22.15 on, Bun, Deno, workerd. Some builds of workerd have one that fails on
 * what does not compress, so it is tried. GZIP is everywhere, is as small, and takes more time.
 */
export function bestCodec(): Codec {
  best ??= isZstdWhole() ? ZSTD : GZIP
  return best
}

function isZstdWhole(): boolean {
  if (typeof zstd.zstdCompressSync !== 'function') return false
  const noise = new Uint8Array(1 << 17)
  for (let i = 0, state = 1; i < noise.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5
    noise[i] = state >>> 13
  }
  try {
    return zstd.zstdDecompressSync(ZSTD.compress(noise)).equals(noise)
  } catch {
    return false
  }
}
