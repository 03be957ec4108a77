import zlib from 'node:zlib'
import type { Codec } from './pages.ts'

/** What pages are written with, and what the pages of any writer may need to be read. */
export interface Codecs {
  writing: Codec
  /** `size` is what a page should have; a damaged one throws. */
  reading: Record<'ZSTD' | 'GZIP', (bytes: Uint8Array, size: number) => Uint8Array>
}

/** In the types of Node from 22.15 on. */
interface Zstd {
  zstdCompressSync(bytes: Uint8Array, options: object): Buffer
  zstdDecompressSync(bytes: Uint8Array): Buffer
  constants: { ZSTD_c_compressionLevel: number; ZSTD_c_checksumFlag: number }
}

/** Level 3 took three times as long and made nothing smaller: most bytes are random ids. */
const LEVEL = 1

let opened: Promise<Codecs> | undefined

/** ZSTD of the runtime, or a WebAssembly build that is loaded only where there is none: Node before 22.15. */
export function openCodecs(): Promise<Codecs> {
  opened ??= 'zstdCompressSync' in zlib ? Promise.resolve(nativeCodecs(zlib as unknown as Zstd)) : wasmCodecs()
  return opened
}

function nativeCodecs({ zstdCompressSync, zstdDecompressSync, constants }: Zstd): Codecs {
  // With checksums, so that whoever reads a damaged page refuses it.
  const options = { params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 } }
  return codecsOf((bytes) => zstdCompressSync(bytes, options), zstdDecompressSync)
}

/** It writes no checksums, and checks those it finds. */
async function wasmCodecs(): Promise<Codecs> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm')
  await init()
  return codecsOf(
    (bytes) => compress(bytes, LEVEL),
    (bytes, size) => decompress(bytes, { defaultHeapSize: size }),
  )
}

const codecsOf = (compress: Codec['compress'], decompress: Codecs['reading']['ZSTD']): Codecs => ({
  writing: { name: 'ZSTD', compress },
  reading: { ZSTD: (bytes, size) => decompress(bytes, size), GZIP: (bytes) => zlib.gunzipSync(bytes) },
})
