import zlib from 'node:zlib'
import type { Codec } from './pages.ts'

/** What pages are written with, and what the pages of any writer may need to be read; damaged ones throw. */
export interface Codecs {
  writing: Codec
  reading: Record<'ZSTD' | 'GZIP', (bytes: Uint8Array) => Uint8Array>
}

/** In the types of Node from 22.15 on. */
interface Zstd {
  zstdCompressSync(bytes: Uint8Array, options: object): Buffer
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

const ZSTD: Codec = { name: 'ZSTD', compress: (bytes) => zstd.zstdCompressSync(bytes, zstdOptions) }
const GZIP: Codec = { name: 'GZIP', compress: (bytes) => zlib.gzipSync(bytes, gzipOptions) }

let codecs: Codecs | undefined

/**
 * ZSTD where the runtime's is whole: that of workerd of spring 2026 fails on what does not compress, and Node before
 * 22.15, which may run the tests, has none. GZIP is everywhere, is as small, and takes more time.
 */
export async function openCodecs(): Promise<Codecs> {
  codecs ??= { writing: isZstdWhole() ? ZSTD : GZIP, reading: { ZSTD: readZstd, GZIP: (b) => zlib.gunzipSync(b) } }
  return codecs
}

function readZstd(bytes: Uint8Array): Uint8Array {
  if (!zstd.zstdDecompressSync) throw new Error('ZSTD needs Node 22.15 or newer')
  return zstd.zstdDecompressSync(bytes)
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
