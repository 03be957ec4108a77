import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decode, gunzipped, lineAt, readBlocks } from './lines.ts'

async function read(chunks: Uint8Array[], maxLineBytes = 1 << 20): Promise<(string | null)[]> {
  const memory = Buffer.alloc(Math.max(0, ...chunks.map(({ length }) => length)))
  const body = (async function* () {
    for (const chunk of chunks) {
      memory.fill('#').set(chunk) // as a file is read: each chunk where the one before it was
      yield memory.subarray(0, chunk.length)
    }
  })()
  const lines: (string | null)[] = []
  for await (const block of readBlocks(body, maxLineBytes)) {
    if (block === null) lines.push(null)
    for (let start = 0; block && start < block.length; ) {
      const { line, next } = lineAt(block, start, maxLineBytes, lines.length === 0)
      lines.push(line && decode(line))
      start = next
    }
  }
  return lines
}

/** Every way to cut these bytes into two chunks. */
const cuts = (bytes: Buffer) =>
  Array.from({ length: bytes.length + 1 }, (_, n) => [bytes.subarray(0, n), bytes.subarray(n)])

describe('lines', () => {
  it('survive a cut anywhere: inside UTF-8, between CR and LF, inside a BOM', async () => {
    for (const cut of cuts(Buffer.from('\ufeffgrüß\r\n\r\n🙂\nlast')))
      expect(await read(cut)).toEqual(['grüß', '', '🙂', 'last'])
  })

  it('survive a cut anywhere in gzip of several members, and zero padding', async () => {
    const bytes = Buffer.concat([gzipSync('a\nb'), gzipSync('c\n'), Buffer.alloc(16)])
    for (const cut of cuts(bytes)) expect(await read(cut)).toEqual(['a', 'bc'])
  })

  it('survive bytes that come one at a time, each where the one before it was', async () => {
    for (const bytes of [Buffer.from('one\ntwo'), gzipSync('one\ntwo')])
      expect(await read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(['one', 'two'])
  })

  it('are none in an empty file', async () => {
    expect(await read([])).toEqual([])
    expect(await read([gzipSync('')])).toEqual([])
  })

  it('that are too long come out as null and do not disturb their neighbours', async () => {
    const bytes = Buffer.from(`short\n${'x'.repeat(100)}\nnext`)
    for (const cut of cuts(bytes)) expect(await read(cut, 10)).toEqual(['short', null, 'next'])
  })

  it('that are not UTF-8 decode to null; a real U+FFFD stays', async () => {
    expect(await read([Buffer.from([0x61, 0xff, 0x0a]), Buffer.from('\ufffd')])).toEqual([null, '\ufffd'])
  })

  it('of a truncated gzip throw', async () => {
    await expect(read([gzipSync('a\nb\n').subarray(0, -9)])).rejects.toThrow(
      /end of file: .*cut short; wait until it is whole/,
    )
  })
  it('of a gzip bomb throw and say what to do; a small log may be that uniform', async () => {
    const inflate = async (bytes: Uint8Array, maxRatio: number, bombBytes: number) => {
      let inflated = 0
      for await (const chunk of gunzipped(Readable.from([bytes]), maxRatio, bombBytes)) inflated += chunk.length
      return inflated
    }
    const zeros = gzipSync(Buffer.alloc(1 << 20)) // a thousand times smaller
    await expect(inflate(zeros, 200, 1 << 16)).rejects.toThrow(/more than 200 times.*raise `maxGzipRatio`/)
    expect(await inflate(zeros, 2000, 1 << 16)).toBe(1 << 20)
    expect(await inflate(zeros, 200, 1 << 21)).toBe(1 << 20)
  })
})
