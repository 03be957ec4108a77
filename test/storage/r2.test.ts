import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytes, keysOf, storageContract } from './contract.ts'
import { startR2 } from './r2-server.ts'

let r2: Awaited<ReturnType<typeof startR2>>
beforeAll(async () => {
  r2 = await startR2({ buckets: 40 })
})
afterAll(() => r2.stop())

storageContract('r2', () => r2.freshStorage())

describe('R2 storage', () => {
  it.each([1, 2, 3, 7, 1000])('lists everything in pages of %i', async (page) => {
    const storage = r2.freshStorage({ page })
    const keys = Array.from({ length: 7 }, (_, i) => `p/${i}`)
    for (const key of keys) await storage.put(key, bytes('x'), 'absent')
    expect(await keysOf(storage, 'p/')).toEqual(keys)
    expect(await keysOf(storage, 'p/', 'p/2')).toEqual(keys.slice(3))
  })

  it('deletes more keys than R2 takes in one call', async () => {
    const storage = r2.freshStorage()
    for (const key of ['p/first', 'p/last']) await storage.put(key, bytes('x'), 'absent')
    await storage.delete(['p/first', ...Array.from({ length: 999 }, (_, i) => `p/none-${i}`), 'p/last'])
    expect(await keysOf(storage, '')).toEqual([])
  })
})
