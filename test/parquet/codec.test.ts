import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openCodecs } from '../../templates/src/parquet/columnar/codec.ts'
import { openCodecs as openInWorkerd } from '../../templates/src/parquet/columnar/codec.workerd.ts'

const PAGES = {
  'of one byte': Buffer.from('a'),
  'of random bytes': randomBytes(3_000_000),
  'of ids': Buffer.from(randomBytes(600_000).toString('hex')),
  'of one value': Buffer.alloc(5_000_000, 'same'),
}

describe('pages', () => {
  it.each(Object.entries(PAGES))('%s come back as they were, whichever runtime wrote them', async (_, page) => {
    const { writing, reading } = await openCodecs()
    for (const codec of [writing, (await openInWorkerd()).writing]) {
      const read = reading[codec.name](codec.compress(page), page.length)
      expect(Buffer.compare(read, page)).toBe(0)
    }
  })

  it('that say they are larger than memory are refused, and the next one is whole', async () => {
    const { writing, reading } = await openCodecs()
    const page = PAGES['of ids']
    // A ZSTD frame: magic, a descriptor that announces eight bytes of size, then that size and nothing else.
    for (const size of [2n ** 62n, 2n ** 32n + 5n, 2n ** 31n]) {
      const frame = Buffer.concat([
        Buffer.from('28b52ffde0', 'hex'),
        Buffer.alloc(8),
        writing.compress(page).subarray(9),
      ])
      frame.writeBigUInt64LE(size, 5)
      expect(() => reading.ZSTD(frame, page.length)).toThrow()
      expect(Buffer.compare(reading.ZSTD(writing.compress(page), page.length), page)).toBe(0)
    }
  })
})
