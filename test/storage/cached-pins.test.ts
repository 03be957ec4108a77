import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cachedPins } from '../../templates/src/lake/cached-pins.ts'
import { partitionSpan } from '../../templates/src/lake/layout.ts'
import { openSnapshot } from '../../templates/src/lake/reader.ts'
import { columns } from '../../templates/src/schema.ts'
import { compactingLake, fakeMerger } from '../../templates/test/fake-merger.ts'
import { entry, lines, memoryLogs } from '../../templates/test/fakes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cached-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const traceId = columns.findIndex(({ name }) => name === 'traceId')
const at = (time: string, id: string) => entry({ timestamp: `2026-03-${time}:00:00.000Z`, traceId: id })

/** A lake "elsewhere" that counts what is fetched of it, with three days of rows in five fragments. */
async function remoteLake() {
  const source = memoryLogs({
    'a.ndjson': lines(at('04T05', 'a1'), at('04T06', 'a2'), at('05T01', 'a3')),
    'b.ndjson': lines(at('05T02', 'b1'), at('06T02', 'b2')),
  })
  const lake = compactingLake(source)
  await lake.ingest()
  const fetched: string[] = []
  const storage = { ...lake.storage }
  storage.get = async (key, options) => {
    if (key.endsWith('.parquet')) fetched.push(key)
    return lake.storage.get(key, options)
  }
  const read = async ({ maxBytes = 1e9, isWanted = (_: string): boolean => true, during = async () => {} } = {}) => {
    fetched.length = 0
    const snapshot = await openSnapshot({
      ...{ storage, prefix: 'analytics', granularity: 'day' as const, isWanted },
      readMetadata: fakeMerger.readMetadata,
      openPins: () => cachedPins(storage, folder, maxBytes),
    })
    await during()
    const files = await Promise.all(snapshot.files.map(({ path }) => readFile(path, 'utf8')))
    await snapshot.release()
    return files.flatMap((file) => JSON.parse(file).rows.map((row: unknown[]) => row[traceId])).sort()
  }
  return { source, lake, storage, fetched, read }
}

const cached = async () => (await readdir(folder)).filter((name) => !name.startsWith('.'))
const bytesCached = async () => {
  const sizes = await Promise.all((await cached()).map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

describe('reading a lake that is not on this machine', () => {
  it('fetches each file once, and only what is new the next time', async () => {
    const { source, lake, fetched, read } = await remoteLake()
    expect(await read()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
    expect(fetched).toHaveLength(5)
    expect(await read()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
    expect(fetched).toEqual([])
    source.files['c.ndjson'] = lines(at('06T09', 'c1'))
    await lake.ingest()
    await lake.compact(Date.parse('2026-03-05T00:00:00Z'))
    expect(await read()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1'])
    expect(fetched).toHaveLength(2)
  })

  it('fetches only partitions that reach into the window', async () => {
    const { fetched, read } = await remoteLake()
    const isWanted = (path: string) => partitionSpan(path)[1] > Date.parse('2026-03-05T12:00:00Z')
    expect(await read({ isWanted })).toEqual(['a3', 'b1', 'b2'])
    expect(fetched.filter((key) => key.includes('2026/03/04'))).toEqual([])
  })

  it('keeps what it reads while others replace and delete it', async () => {
    const { lake, read } = await remoteLake()
    const during = async () => {
      await lake.compact()
    }
    expect(await read({ during })).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
    expect(await read()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
  })

  it('looks again where a file was replaced between its listing and its fetch', async () => {
    const { lake, storage, read } = await remoteLake()
    const { get } = storage
    let isFirst = true
    storage.get = async (...args) => {
      if (isFirst && args[0].endsWith('.parquet')) {
        isFirst = false
        await lake.compact()
      }
      return get(...args)
    }
    expect(await read()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
  })

  it('keeps no more than it may once it is done, and drops first what was not read for longest', async () => {
    const { fetched, read } = await remoteLake()
    await read()
    const bytes = await bytesCached()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const isWanted = (path: string) => path === '2026/03/06'
    await read({ isWanted, maxBytes: bytes / 2 })
    expect(await bytesCached()).toBeLessThanOrEqual(bytes / 2)
    await read({ isWanted })
    expect(fetched).toEqual([])
    await read({ maxBytes: 0 })
    expect(await cached()).toEqual([])
  })

  it('reads the same while another reader makes room', async () => {
    const { read } = await remoteLake()
    const during = async () => {
      await read({ maxBytes: 0 })
    }
    expect(await read({ during })).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
    const both = await Promise.all([read({ maxBytes: 0 }), read({ maxBytes: 0 })])
    expect(both[0]).toEqual(both[1])
  })
})
