import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { withLock } from '../../templates/src/storage/lock.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import { bytes, keysOf, storageContract, textOf } from './contract.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'local-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid

storageContract('local', () => localStorageAdapter(root))
storageContract('memory', () => memoryStorage())

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

  it('names the file that lies where its folder should be, and the setting', async () => {
    await writeFile(join(root, 'notes.txt'), '')
    const storage = localStorageAdapter(join(root, 'notes.txt'))
    await expect(storage.put('p/a', bytes('a'), 'absent')).rejects.toThrow(/notes\.txt.*a file is in its way.*`lake`/)
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
