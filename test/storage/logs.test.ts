import { appendFile, link, mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localLogs } from '../../templates/src/storage/logs.ts'
import { entry, lines, testLake } from '../../templates/test/fakes.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-'))
  file = join(folder, 'app.ndjson')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const line = (traceId: string) => lines(entry({ traceId }))
const open = (settleMs = 0) => testLake(localLogs(folder, { settleMs }))
const settle = (path = file) => utimes(path, new Date(0), new Date(Date.now() - 3600_000))

describe('local logs', () => {
  it('go on where the last run stopped, byte for byte', async () => {
    const lake = open()
    const expected: string[] = []
    for (let run = 0; run < 5; run++) {
      for (let n = 0; n < 3; n++) {
        expected.push(`${run}-${n}`)
        await appendFile(file, line(`${run}-${n}`))
      }
      expect(await lake.ingest()).toMatchObject({ sources: 1, rows: 3, errors: [] })
      expect(await lake.ingest()).toMatchObject({ sources: 0, rows: 0, errors: [] })
    }
    expect(await lake.traceIds()).toEqual(expected)
  })

  it('are read up to the last newline while they are young, and to the end once they are quiet', async () => {
    const lake = open(60_000)
    await writeFile(file, line('a') + line('b').slice(0, 40))
    expect(await lake.ingest()).toMatchObject({ rows: 1, malformed: 0 })
    await appendFile(file, line('b').slice(40) + line('c').trimEnd())
    expect(await lake.ingest()).toMatchObject({ rows: 1, malformed: 0 })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    await settle()
    expect(await lake.ingest()).toMatchObject({ rows: 1, malformed: 0 })
    expect(await lake.traceIds()).toEqual(['a', 'b', 'c'])
  })

  it('that are gzip are left until they are quiet', async () => {
    const lake = open(60_000)
    await writeFile(file, gzipSync(line('a')))
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    await settle()
    expect(await lake.ingest()).toMatchObject({ rows: 1 })
    await appendFile(file, gzipSync(line('b')))
    await settle()
    expect(await lake.ingest()).toMatchObject({ rows: 1 })
    expect(await lake.traceIds()).toEqual(['a', 'b'])
  })

  it('whose earlier bytes changed are refused, and what is in stays in', async () => {
    const lake = open()
    await writeFile(file, line('a') + line('b'))
    await lake.ingest()
    await writeFile(file, line('x') + line('b') + line('c'))
    expect((await lake.ingest()).errors).toMatchObject([{ where: 'app.ndjson', message: /Give new logs a new name/ }])
    await truncate(file, 10)
    expect((await lake.ingest()).errors).toHaveLength(1)
    expect(await lake.traceIds()).toEqual(['a', 'b'])
  })

  it('that were only touched hold nothing new', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    await lake.ingest()
    await utimes(file, new Date(), new Date())
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
  })

  it('grow unseen by no clock: a file set back in time is looked at all the same', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    await lake.ingest()
    await appendFile(file, line('b'))
    await utimes(file, new Date(0), new Date(0))
    expect(await lake.ingest()).toMatchObject({ rows: 1 })
  })

  it('with hostile names are read and keep their marks apart', async () => {
    const lake = open()
    const names = ['a b', 'ü', 'n\nl', 'x!0-y', '%41', 'A', '~', "it's", '日本', 'a'.repeat(200), `${'a'.repeat(200)}b`]
    await mkdir(join(folder, 'sub', 'deep'), { recursive: true })
    const paths = [...names, ...names.slice(0, 9).map((name) => `sub/deep/${name}`)]
    for (const [n, name] of paths.entries()) await writeFile(join(folder, name), line(String(n).padStart(2, '0')))
    expect(await lake.ingest()).toMatchObject({ sources: paths.length, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    for (const name of paths) await appendFile(join(folder, name), line(`again ${name}`))
    expect(await lake.ingest()).toMatchObject({ sources: paths.length, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    expect(await lake.traceIds()).toHaveLength(2 * paths.length)
  })

  it('behind symbolic links, in hidden files and in empty ones are not read', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    await symlink(file, join(folder, 'current'))
    await writeFile(join(folder, '.hidden'), line('h'))
    await mkdir(join(folder, '.git'))
    await writeFile(join(folder, '.git', 'x'), line('g'))
    await writeFile(join(folder, 'empty.ndjson'), '')
    expect(await lake.ingest()).toMatchObject({ sources: 1, rows: 1, errors: [] })
    await appendFile(join(folder, 'empty.ndjson'), line('b'))
    expect(await lake.ingest()).toMatchObject({ sources: 1, rows: 1 })
  })

  it('are deleted only when asked, ingested whole and quiet for a day', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    await lake.ingest()
    expect(await lake.ingest({ deleteSources: true })).toMatchObject({ deleted: 0 })
  })

  it('in a folder that does not exist are an error that says what to set', async () => {
    await expect(testLake(localLogs(join(folder, 'none'))).ingest()).rejects.toThrow(/create it or set `source`/)
  })

  it('that moved elsewhere while the run goes on are no error', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    const source = localLogs(folder, { settleMs: 0 })
    const listed = []
    for await (const info of source.list()) listed.push(info)
    await link(file, join(tmpdir(), `kept-${process.pid}`))
    await rename(file, join(tmpdir(), `kept-${process.pid}`))
    await rm(file, { force: true })
    expect(await source.next(listed[0] as (typeof listed)[0], null)).toBeNull()
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    await rm(join(tmpdir(), `kept-${process.pid}`), { force: true })
  })
})
