import { describe, expect, it } from 'vitest'
import { readAll } from '../../templates/src/lake/state.ts'
import type { CompactorStorage } from '../../templates/src/types.ts'

export const bytes = (text: string) => Buffer.from(text)

export async function textOf(storage: CompactorStorage, key: string): Promise<string | null> {
  const found = await storage.get(key)
  return found && Buffer.from(await readAll(found.body)).toString()
}

export async function keysOf(storage: CompactorStorage, prefix: string, startAfter?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix, startAfter)) keys.push(key)
  return keys
}

const PATTERN = Buffer.from(Uint8Array.from({ length: 999_983 }, (_, i) => (i * i) >> 7))

/** `length` bytes in pieces of an odd size. */
export async function* stream(length: number): AsyncIterable<Uint8Array> {
  for (let left = length; left > 0; left -= PATTERN.length) yield PATTERN.subarray(0, left)
}

/** What every store promises to the pipeline. `open` gives an empty store; each test asks for one of its own. */
export function storageContract(name: string, open: () => CompactorStorage | Promise<CompactorStorage>): void {
  const isFolder = name === 'local'

  describe(`${name} storage`, () => {
    it('puts only where nothing is, and tells the loser', async () => {
      const storage = await open()
      const texts = ['a', 'b', 'c', 'd']
      const racers = await Promise.all(texts.map((text) => storage.put('x/y/k.json', bytes(text), 'absent')))
      expect(racers.filter(Boolean)).toHaveLength(1)
      expect(await textOf(storage, 'x/y/k.json')).toBe(texts[racers.findIndex(Boolean)])
    })

    it('replaces only the version that was seen', async () => {
      const storage = await open()
      const first = await storage.put('k', bytes('one'), 'absent')
      const racers = await Promise.all(
        ['two', 'three'].map((text) => storage.put('k', bytes(text), { ifMatch: first?.etag ?? '' })),
      )
      expect(racers.filter(Boolean)).toHaveLength(1)
      expect(await storage.put('k', bytes('four'), { ifMatch: first?.etag ?? '' })).toBeNull()
      expect(await storage.put('other', bytes('five'), { ifMatch: first?.etag ?? '' })).toBeNull()
      expect(['two', 'three']).toContain(await textOf(storage, 'k'))
    })

    it('tells the same of an object whichever way it is asked', async () => {
      const storage = await open()
      const put = await storage.put('p/k', bytes('0123456789'), 'absent')
      const listed = []
      for await (const info of storage.list('p/')) listed.push(info)
      expect(put).toMatchObject({ key: 'p/k', size: 10, etag: expect.stringMatching(/^[^"]+$/) })
      const found = await storage.get('p/k')
      await readAll(found?.body ?? stream(0))
      for (const info of [await storage.head('p/k'), found?.info, listed[0]])
        expect(info).toMatchObject({ key: 'p/k', size: 10, etag: put?.etag })
    })

    it('reads ranges, and nothing once the version is another', async () => {
      const storage = await open()
      const put = await storage.put('k', bytes('0123456789'), 'absent')
      const read = async (options: { offset?: number; length?: number }) => {
        const part = await storage.get('k', { ...options, ...(put && { ifMatch: put.etag }) })
        expect(part?.info.size).toBe(10)
        return Buffer.from(await readAll(part?.body ?? stream(0))).toString()
      }
      expect(await read({ offset: 3, length: 4 })).toBe('3456')
      expect(await read({ offset: 7 })).toBe('789')
      expect(await read({ length: 2 })).toBe('01')
      expect(await read({ offset: 8, length: 100 })).toBe('89')
      expect(await storage.get('k', { ifMatch: 'another' })).toBeNull()
      expect(await storage.get('nothing')).toBeNull()
      expect(await storage.get('nothing', { offset: 1, length: 1, ifMatch: 'another' })).toBeNull()
      expect(await storage.head('nothing')).toBeNull()
    })

    it('holds an empty object', async () => {
      const storage = await open()
      expect(await storage.put('p/empty', new Uint8Array(), 'absent')).toMatchObject({ size: 0 })
      expect(await textOf(storage, 'p/empty')).toBe('')
      expect(await keysOf(storage, 'p/')).toEqual(['p/empty'])
    })

    it('keeps any character of a key', async () => {
      const storage = await open()
      const keys = ['p/a b+c', "p/it's!(1)*~", 'p/ü=%2F&?#', 'p/😀', 'p/<&>"']
      for (const key of keys) await storage.put(key, bytes(key), 'absent')
      expect(await keysOf(storage, 'p/')).toEqual([...keys].sort())
      for (const key of keys) expect(await textOf(storage, key)).toBe(key)
      await storage.delete(keys)
      expect(await keysOf(storage, 'p/')).toEqual([])
    })

    it('lists in the order of keys, by prefix and after a key', async () => {
      const storage = await open()
      for (const key of ['p/b', 'p/a.x', 'p/a/1', 'p/a-', 'p/a', 'q/1', 'p2/1']) {
        if (isFolder && key === 'p/a') continue // a file and a folder of one name: object stores only
        await storage.put(key, bytes(key), 'absent')
      }
      const expected = ['p/a', 'p/a-', 'p/a.x', 'p/a/1', 'p/b'].filter((key) => !isFolder || key !== 'p/a')
      expect(await keysOf(storage, 'p/')).toEqual(expected)
      expect(await keysOf(storage, 'p/', 'p/a.x')).toEqual(['p/a/1', 'p/b'])
      expect(await keysOf(storage, 'p/', 'p/a/1')).toEqual(['p/b'])
      expect(await keysOf(storage, 'p/', 'p/')).toEqual(expected)
      expect(await keysOf(storage, 'p/a')).toEqual(expected.slice(0, -1))
      expect(await keysOf(storage, 'none/')).toEqual([])
    })

    it('deletes, also what is gone already', async () => {
      const storage = await open()
      await storage.put('p/k', bytes('x'), 'absent')
      await storage.delete(['p/k', 'p/k', 'p/none'])
      await storage.delete([])
      expect(await keysOf(storage, 'p/')).toEqual([])
    })

    it('leaves nothing when the body fails half-way', async () => {
      const storage = await open()
      for (const before of [4, 10_000_000]) {
        const failing = (async function* () {
          yield* stream(before)
          throw new Error('disk full')
        })()
        await expect(storage.put('p/k', failing, 'absent')).rejects.toThrow('disk full')
        expect(await keysOf(storage, '')).toEqual([])
      }
    })

    it('streams a body of unknown length under the same conditions, and leaves nothing else', async () => {
      const storage = await open()
      let etag: string | null = null
      for (const size of [0, 5, 8 << 20, 17_000_000]) {
        const put = await storage.put('p/k', stream(size), etag === null ? 'absent' : { ifMatch: etag })
        expect(put).toMatchObject({ key: 'p/k', size })
        etag = put?.etag ?? ''
      }
      const body = await readAll((await storage.get('p/k'))?.body ?? stream(0))
      expect(Buffer.compare(body, await readAll(stream(17_000_000)))).toBe(0)
      expect(await storage.put('p/k', stream(9_000_000), 'absent')).toBeNull()
      expect(await storage.put('p/k', stream(5), { ifMatch: 'stale' })).toBeNull()
      expect((await storage.head('p/k'))?.etag).toBe(etag)
      expect(await keysOf(storage, '')).toEqual(['p/k'])
    })
  })
}
