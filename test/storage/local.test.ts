import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readAll } from '../../templates/src/lake/state.ts'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { withLock } from '../../templates/src/storage/lock.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type { CompactorStorage } from '../../templates/src/types.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'local-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const bytes = (text: string) => Buffer.from(text)
async function textOf(storage: CompactorStorage, key: string) {
  const found = await storage.get(key)
  return found && Buffer.from(await readAll(found.body)).toString()
}
async function keysOf(storage: CompactorStorage, prefix: string, startAfter?: string) {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix, startAfter)) keys.push(key)
  return keys
}

const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid

describe.each(['local', 'memory'] as const)('%s storage', (kind) => {
  const open = () => (kind === 'local' ? localStorageAdapter(root) : memoryStorage())

  it('puts only where nothing is, and tells the loser', async () => {
    const storage = open()
    const racers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((text) => storage.put('x/y/k.json', bytes(text), 'absent')),
    )
    expect(racers.filter(Boolean)).toHaveLength(1)
    const winner = ['a', 'b', 'c', 'd'][racers.findIndex(Boolean)]
    expect(await textOf(storage, 'x/y/k.json')).toBe(winner)
  })

  it('replaces only the version that was seen', async () => {
    const storage = open()
    const first = await storage.put('k', bytes('one'), 'absent')
    const racers = await Promise.all(
      ['two', 'three'].map((text) => storage.put('k', bytes(text), { ifMatch: first?.etag ?? '' })),
    )
    expect(racers.filter(Boolean)).toHaveLength(1)
    expect(await storage.put('k', bytes('four'), { ifMatch: first?.etag ?? '' })).toBeNull()
    expect(await storage.put('other', bytes('five'), { ifMatch: first?.etag ?? '' })).toBeNull()
    expect(['two', 'three']).toContain(await textOf(storage, 'k'))
  })

  it('reads ranges, and nothing once the version is another', async () => {
    const storage = open()
    const put = await storage.put('k', bytes('0123456789'), 'absent')
    const part = await storage.get('k', { offset: 3, length: 4, ...(put && { ifMatch: put.etag }) })
    expect(Buffer.from(await readAll(part?.body ?? (async function* () {})())).toString()).toBe('3456')
    expect(await storage.get('k', { ifMatch: 'another' })).toBeNull()
    expect(await storage.get('nothing')).toBeNull()
    expect(await storage.head('nothing')).toBeNull()
  })

  it('lists in the order of keys, by prefix and after a key', async () => {
    const storage = open()
    for (const key of ['p/b', 'p/a.x', 'p/a/1', 'p/a-', 'p/a', 'q/1', 'p2/1']) {
      if (kind === 'local' && key === 'p/a') continue // a file and a folder of one name: object stores only
      await storage.put(key, bytes(key), 'absent')
    }
    const expected = ['p/a', 'p/a-', 'p/a.x', 'p/a/1', 'p/b'].filter((key) => kind === 'memory' || key !== 'p/a')
    expect(await keysOf(storage, 'p/')).toEqual(expected)
    expect(await keysOf(storage, 'p/', 'p/a.x')).toEqual(['p/a/1', 'p/b'])
    expect(await keysOf(storage, 'p/', 'p/a/1')).toEqual(['p/b'])
    expect(await keysOf(storage, 'p/a')).toEqual(expected.slice(0, -1))
    expect(await keysOf(storage, 'none/')).toEqual([])
  })

  it('deletes, also what is gone already', async () => {
    const storage = open()
    await storage.put('p/k', bytes('x'), 'absent')
    await storage.delete(['p/k', 'p/k', 'p/none'])
    expect(await keysOf(storage, 'p/')).toEqual([])
  })

  it('leaves nothing when the body fails half-way', async () => {
    const storage = open()
    const failing = (async function* () {
      yield bytes('half')
      throw new Error('disk full')
    })()
    await expect(storage.put('p/k', failing, 'absent')).rejects.toThrow('disk full')
    expect(await keysOf(storage, 'p/')).toEqual([])
    if (kind === 'local') expect(await readdir(join(root, '.tmp'))).toEqual([])
  })
})

describe('local storage', () => {
  it('takes an empty hour away with its last fragment, while another worker writes there', async () => {
    const storage = localStorageAdapter(root)
    for (let round = 0; round < 25; round++) {
      await storage.put('p/05/a', bytes('a'), 'absent')
      await Promise.all([storage.delete(['p/05/a']), storage.put('p/05/b', bytes('b'), 'absent')])
      expect(await textOf(storage, 'p/05/b')).toBe('b')
      await storage.delete(['p/05/b'])
    }
    expect(await readdir(join(root, 'p'))).toEqual([])
  })

  it('refuses a key that leads out of its folder', async () => {
    const storage = localStorageAdapter(join(root, 'lake'))
    for (const key of ['../outside', 'a/../../outside', '/etc/passwd', `../lake-sibling/x`])
      await expect(storage.put(key, bytes('x'), 'absent')).rejects.toThrow(/leads out/)
  })

  it('removes the temporaries of processes that died, and only those', async () => {
    const storage = localStorageAdapter(root)
    await storage.put('k', bytes('x'), 'absent')
    const dead = `${hostname()}~${deadPid()}~00000000-0000-0000-0000-000000000000`
    const alive = `${hostname()}~${process.pid}~00000000-0000-0000-0000-000000000000`
    const elsewhere = 'other-host~1~00000000-0000-0000-0000-000000000000'
    for (const name of [dead, alive, elsewhere]) await writeFile(join(root, '.tmp', name), 'x')
    await localStorageAdapter(root).put('k2', bytes('x'), 'absent')
    expect((await readdir(join(root, '.tmp'))).sort()).toEqual([alive, elsewhere].sort())
  })

  it('does not list what is no plain file', async () => {
    const storage = localStorageAdapter(root)
    await storage.put('p/k', bytes('x'), 'absent')
    await symlink('/etc', join(root, 'p', 'link'))
    expect(await keysOf(storage, 'p/')).toEqual(['p/k'])
    expect((await stat(join(root, 'p/k'))).nlink).toBe(1)
  })
})

describe('lock', () => {
  const lockOf = (pid: number, host = hostname()) => JSON.stringify({ nonce: `${pid}`, host, pid })

  it('lets one in at a time', async () => {
    let inside = 0
    const results = await Promise.all(
      Array.from({ length: 20 }, () =>
        withLock(join(root, 'lock'), async () => {
          expect(++inside).toBe(1)
          await new Promise((resolve) => setTimeout(resolve, 2))
          inside--
          return true
        }),
      ),
    )
    expect(results.filter(Boolean).length).toBeGreaterThan(0)
    expect(await readdir(root)).toEqual([])
  })

  it('is broken when its process is dead on this host, by one of many at once', async () => {
    for (let round = 0; round < 8; round++) {
      await writeFile(join(root, 'lock'), lockOf(deadPid()))
      let inside = 0
      let most = 0
      const results = await Promise.all(
        Array.from({ length: 8 }, () =>
          withLock(join(root, 'lock'), async () => {
            most = Math.max(most, ++inside)
            await new Promise((resolve) => setTimeout(resolve, 1))
            inside--
            return true
          }),
        ),
      )
      expect(results.filter(Boolean).length).toBeGreaterThan(0)
      expect(most).toBe(1)
      expect(await readdir(root)).toEqual([])
    }
  })

  it('is never broken for a live process, nor for one on another host', async () => {
    await writeFile(join(root, 'lock'), lockOf(process.pid))
    expect(await withLock(join(root, 'lock'), async () => true)).toBeNull()
    await writeFile(join(root, 'lock'), lockOf(deadPid(), 'other-host'))
    expect(await withLock(join(root, 'lock'), async () => true)).toBeNull()
    expect(await readFile(join(root, 'lock'), 'utf8')).toContain('other-host')
  })
})
