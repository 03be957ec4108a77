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
const options = { params: { [level]: 1, [checksum]: 1 } }

const CODECS: Codecs = {
  writing: { name: 'ZSTD', compress: (bytes) => zstd.zstdCompressSync(bytes, options) },
  reading: { ZSTD: (bytes) => zstd.zstdDecompressSync(bytes), GZIP: (bytes) => zlib.gunzipSync(bytes) },
}

/** ZSTD of the runtime. */
export const openCodecs = async () => CODECS
