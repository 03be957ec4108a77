import {
  appendFile,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  open as openFile,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pieceOf, streamKey } from '../../templates/src/storage/log-heads.ts'
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
  it('are found in whatever way their folder is named', async () => {
    await mkdir(join(folder, 'deep'))
    await writeFile(join(folder, 'deep', 'app.ndjson'), line('a'))
    const [name, here] = [basename(folder), process.cwd()]
    process.chdir(folder)
    try {
      for (const named of ['.', './', './.', `../${name}`, `../${name}/`, folder, `${folder}/`]) {
        const { rows, errors } = await testLake(localLogs(named, { settleMs: 0 })).ingest()
        expect({ named, rows, errors }).toEqual({ named, rows: 1, errors: [] })
      }
    } finally {
      process.chdir(here)
    }
  })

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

  it('from before the clock was set back are settled, though their time is in the future', async () => {
    const lake = open(60_000)
    await writeFile(file, gzipSync(line('a')))
    await utimes(file, new Date(0), new Date(Date.now() + 3600_000))
    expect(await lake.ingest()).toMatchObject({ rows: 1, errors: [] })
  })

  it('whose earlier bytes changed are refused, and what is in stays in', async () => {
    const lake = open()
    await writeFile(file, line('a') + line('b'))
    await lake.ingest()
    await writeFile(file, line('a') + line('x') + line('c'))
    expect((await lake.ingest()).errors).toMatchObject([
      { where: 'app.ndjson', message: expect.stringContaining('Give new logs a new name') },
    ])
    await truncate(file, line('a').length)
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

  it('that are renamed by rotation go on under the new name, and the new file is a new log', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    await lake.ingest()
    await appendFile(file, line('b'))
    await rename(file, `${file}.1`)
    await writeFile(file, line('c'))
    expect(await lake.ingest()).toMatchObject({ sources: 2, rows: 2, errors: [] })
    await rename(`${file}.1`, `${file}.2`)
    await rename(file, `${file}.1`)
    await writeFile(file, line('d'))
    expect(await lake.ingest()).toMatchObject({ sources: 1, rows: 1, errors: [] })
    expect(await lake.traceIds()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('that are copied and truncated count once, with what was written in between', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    await lake.ingest()
    await appendFile(file, line('b'))
    await copyFile(file, `${file}.1`)
    await truncate(file, 0)
    await appendFile(file, line('c'))
    expect(await lake.ingest()).toMatchObject({ rows: 2, errors: [] })
    expect(await lake.traceIds()).toEqual(['a', 'b', 'c'])
  })

  it('that are compressed after rotation hold only what is new, and are not read again and again', async () => {
    const lake = open()
    await writeFile(file, line('a') + line('b'))
    await lake.ingest()
    const whole = Buffer.concat([await readFile(file), Buffer.from(line('c'))])
    await rm(file)
    await writeFile(`${file}.1.gz`, gzipSync(whole))
    expect(await lake.ingest()).toMatchObject({ sources: 1, rows: 1, errors: [] })
    await rm(`${file}.1.gz`)
    await writeFile(`${file}.2.gz`, gzipSync(whole, { level: 1 }))
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    expect(lake.keys('').filter((key) => key.includes('!seen-'))).toHaveLength(1)
    expect(await lake.traceIds()).toEqual(['a', 'b', 'c'])
  })

  it('that have been quiet for an hour are not opened by every run, however many are kept', async () => {
    const lake = open()
    for (let n = 0; n < 20; n++) {
      await writeFile(join(folder, `${n}.ndjson`), line(`trace-${n}`))
      await settle(join(folder, `${n}.ndjson`))
    }
    await lake.ingest()
    const source = localLogs(folder, { settleMs: 0 })
    const { list, next } = source
    // LastModified follows the change of the inode, which no test can set back.
    source.list = async function* () {
      for await (const info of list()) yield { ...info, lastModified: info.lastModified - 2 * 3600_000 }
    }
    let opened = 0
    source.next = (...args) => {
      opened++
      return next(...args)
    }
    await lake.ingest({ source })
    expect(opened).toBe(20)
    await lake.ingest({ source })
    expect(opened).toBe(20)
    await appendFile(join(folder, '7.ndjson'), line('new'))
    expect(await lake.ingest()).toMatchObject({ rows: 1 })
  })

  it('that lie beside a copy of theirs count once', async () => {
    const lake = open()
    await writeFile(file, line('a') + line('b'))
    await copyFile(file, join(folder, 'backup.ndjson'))
    await writeFile(join(folder, 'copy.gz'), gzipSync(line('a') + line('b')))
    await appendFile(file, line('c'))
    expect(await lake.ingest()).toMatchObject({ sources: 1, rows: 3, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
  })

  describe('that begin with the same entry as another log', () => {
    const other = () => join(folder, 'other.ndjson')
    const refused = (where: string, twin: string) => [
      { where, message: expect.stringMatching(new RegExp(`begins as ${twin} does, but is another log.*put a blank`)) },
    ]
    /** What the error asks for. */
    const mend = async (path: string) => writeFile(path, (await readFile(path, 'utf8')).replace('{', '{ '))

    it('are refused by every run until mended, and then every row of both is in once', async () => {
      const lake = open()
      await writeFile(file, line('health') + line('a1') + line('a2'))
      await writeFile(other(), line('health') + line('b'))
      expect(await lake.ingest()).toMatchObject({ rows: 3, errors: refused('other.ndjson', 'app.ndjson') })
      expect(await lake.ingest()).toMatchObject({ rows: 0, errors: refused('other.ndjson', 'app.ndjson') })
      await mend(other())
      expect(await lake.ingest()).toMatchObject({ rows: 2, errors: [] })
      expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
      expect(await lake.traceIds()).toEqual(['a1', 'a2', 'b', 'health', 'health'])
    })

    it('are the ones that are refused also when they outgrow the log that is in, which goes on', async () => {
      const lake = open()
      await writeFile(file, line('health') + line('a1'))
      expect(await lake.ingest()).toMatchObject({ rows: 2, errors: [] })
      await writeFile(other(), line('health') + line('b1') + line('b2') + line('b3'))
      await appendFile(file, line('a2'))
      for (const rows of [1, 0])
        expect(await lake.ingest()).toMatchObject({ rows, errors: refused('other.ndjson', 'app.ndjson') })
      await mend(other())
      expect(await lake.ingest()).toMatchObject({ rows: 4, errors: [] })
      expect(await lake.traceIds()).toEqual(['a1', 'a2', 'b1', 'b2', 'b3', 'health', 'health'])
    })

    it('are refused however long both are, and though nobody has touched them for days', async () => {
      const lake = open()
      const text = (id: string) => Array.from({ length: 99 }, (_, n) => line(`${id} ${n}`)).join('')
      await writeFile(file, line('health') + text('a'))
      await writeFile(other(), line('health') + text('b'))
      const source = localLogs(folder, { settleMs: 0 })
      const { list } = source
      source.list = async function* () {
        for await (const info of list()) yield { ...info, lastModified: info.lastModified - 2 * 24 * 3600_000 }
      }
      for (const rows of [100, 0]) {
        const result = await lake.ingest({ source })
        expect(result).toMatchObject({ rows, errors: [{ message: expect.stringContaining('but is another log') }] })
      }
    })

    it('are refused as gzip, beside plain text and beside each other', async () => {
      const [a, b] = [line('health') + line('a'), line('health') + line('b')]
      await writeFile(`${file}.gz`, gzipSync(a))
      await writeFile(other(), b)
      expect(await open().ingest()).toMatchObject({ rows: 2, errors: refused('app.ndjson.gz', 'other.ndjson') })
      await rm(other())
      await writeFile(`${other()}.gz`, gzipSync(b))
      expect(await open().ingest()).toMatchObject({ rows: 2, errors: [{}] })
    })

    it('are no others where they are copies: half-made, with room for the rest, or compressed', async () => {
      const lake = open()
      const whole = Array.from({ length: 99 }, (_, n) => line(String(Math.sin(n)))).join('')
      await writeFile(file, whole)
      for (const size of [whole.length - 1, Math.floor(whole.length / 2), line('0').length]) {
        await writeFile(`${file}.1`, whole.slice(0, size))
        expect(await lake.ingest()).toMatchObject({ errors: [] })
        await truncate(`${file}.1`, whole.length)
        expect(await lake.ingest()).toMatchObject({ errors: [] })
      }
      for (const share of [0.1, 0.5, 0.9]) {
        const compressed = gzipSync(whole)
        await writeFile(`${file}.1.gz`, compressed.subarray(0, compressed.length * share))
        for await (const { twin } of localLogs(folder).list()) expect(twin).toBeUndefined()
      }
      await copyFile(file, `${file}.1`)
      await writeFile(`${file}.1.gz`, gzipSync(whole))
      expect(await lake.ingest()).toMatchObject({ errors: [] })
      await truncate(file, 0)
      await appendFile(file, line('new'))
      expect(await lake.ingest()).toMatchObject({ rows: 1, errors: [] })
      expect(await lake.traceIds()).toHaveLength(100)
    })

    it('are not spoken of once another log has taken the place of one of them', async () => {
      await writeFile(file, line('health') + line('a'))
      const handle = await openFile(file)
      try {
        const log = { ...(await streamKey(handle, 'app.ndjson')), path: 'app.ndjson' }
        expect(await pieceOf(handle, log, 100)).toContain('health')
        await truncate(file, 0)
        await appendFile(file, line('new') + line('b'))
        expect(await pieceOf(handle, log, 100)).toBe('')
      } finally {
        await handle.close()
      }
    })

    it('are no others while a live log is copied, truncated and written to, wherever the listing looks in between', async () => {
      const lake = open()
      const text = (id: number) => Array.from({ length: 50 }, (_, n) => line(`${id}-${n}`)).join('')
      let isOver = false
      const rotate = async () => {
        for (let n = 0; n < 60; n++) {
          for (const part of text(n).match(/.{1,7777}/gs) ?? []) await appendFile(file, part)
          await copyFile(file, `${file}.${n}`)
          await truncate(file, 0)
        }
        isOver = true
      }
      const rotated = rotate()
      while (!isOver) for await (const { twin } of localLogs(folder).list()) expect(twin).toBeUndefined()
      await rotated
      expect(await lake.ingest()).toMatchObject({ sources: 60, rows: 3000, errors: [] })
    })
  })

  it('whose names are used again are new logs', async () => {
    const lake = open()
    for (const id of ['a', 'b', 'c']) {
      await writeFile(file, line(id))
      expect(await lake.ingest()).toMatchObject({ rows: 1, errors: [] })
    }
    expect(await lake.traceIds()).toEqual(['a', 'b', 'c'])
  })

  it('that begin with other lines are known by their first entry', async () => {
    const lake = open()
    await writeFile(file, 'listening on :8787\n')
    await lake.ingest()
    await appendFile(file, line('a'))
    expect(await lake.ingest()).toMatchObject({ rows: 1, errors: [] })
    await rename(file, `${file}.1`)
    await writeFile(file, `listening on :8787\n${line('b')}`)
    expect(await lake.ingest()).toMatchObject({ rows: 1, errors: [] })
    expect(await lake.traceIds()).toEqual(['a', 'b'])
  })

  it('are known by a first entry deep inside, and refused where it comes too late to know them by', async () => {
    const lake = open()
    await writeFile(file, `${'x'.repeat(99)}\n`.repeat(10_000) + line('a'))
    expect(await lake.ingest()).toMatchObject({ rows: 1, errors: [] })
    await rename(file, `${file}.1`)
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    await writeFile(file, `${'x'.repeat(99)}\n`.repeat(12_000) + line('b'))
    const { errors, rows } = await lake.ingest()
    expect(errors).toMatchObject([{ where: 'app.ndjson', message: expect.stringContaining('a file of their own') }])
    expect(rows).toBe(0)
  })

  it('without any entry are counted once and go by their path', async () => {
    const lake = open()
    await writeFile(file, 'listening\nready\n')
    expect(await lake.ingest()).toMatchObject({ sources: 1, lines: 2, foreign: 2, fragments: 0, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
  })

  it('are known by the same entry as plain text and as gzip of any members, wherever the head is cut', async () => {
    const text = Array.from({ length: 900 }, (_, n) => line(`trace ${n} ${Math.sin(n)}`)).join('')
    const keys = new Set<string>()
    for (const member of [100, 1000, 10_000, text.length]) {
      const parts = Array.from({ length: Math.ceil(text.length / member) }, (_, n) =>
        gzipSync(text.slice(n * member, (n + 1) * member), { level: 0 }),
      )
      await writeFile(file, Buffer.concat(parts))
      for await (const { key } of localLogs(folder).list()) keys.add(key)
    }
    await writeFile(file, text)
    for await (const { key } of localLogs(folder).list()) keys.add(key)
    expect([...keys]).toEqual([expect.stringMatching(/^20260304T050607\.890Z-[0-9a-f]{16}$/)])
  })

  it('that are rotated between listing and reading are left for the next run, which reads both', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    const source = localLogs(folder, { settleMs: 0 })
    const { list } = source
    source.list = async function* () {
      for await (const info of list()) {
        await rename(file, `${file}.1`)
        await writeFile(file, line('b'))
        yield info
      }
    }
    expect(await lake.ingest({ source })).toMatchObject({ sources: 0, errors: [] })
    expect(await lake.ingest()).toMatchObject({ rows: 2, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
  })

  it('that are copied and truncated while they are read are an error of this run; the next one reads both', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    const source = localLogs(folder, { settleMs: 0 })
    const { next } = source
    source.next = async (info, newest) => {
      const range = await next(info, newest)
      await copyFile(file, `${file}.1`)
      await writeFile(file, line('b'))
      return range
    }
    expect((await lake.ingest({ source })).errors).toMatchObject([{ message: expect.stringContaining('run again') }])
    expect(await lake.ingest()).toMatchObject({ rows: 2, errors: [] })
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
  })

  it('that were given up and come back are refused, with what to do', async () => {
    const lake = open()
    await writeFile(file, line('a'))
    const source = localLogs(folder, { settleMs: 0 })
    for await (const info of source.list()) {
      const counts = { lines: 0, extra: 0, entries: 0, foreign: 0, rejected: {}, dropped: 0, rows: 0 }
      const nothing = { identity: '', size: 0, sha256: '', counts, fragments: [], schemaVersion: 1, at: '' }
      const mark = { sourceName: 'logs', key: info.key, path: '', offset: 0, ...nothing, abandoned: true as const }
      await expect(source.next(info, mark)).rejects.toThrow(/given up.*delete its mark/)
    }
    expect(await lake.ingest()).toMatchObject({ rows: 1 })
  })

  it('compressed with what is not read are refused, not taken for text', async () => {
    const lake = open()
    await writeFile(file, Buffer.from('28b52ffd04000000', 'hex'))
    expect((await lake.ingest()).errors).toMatchObject([{ message: expect.stringContaining('compress with gzip') }])
  })

  it('with hostile names are read and keep their marks apart', async () => {
    const lake = open()
    const names = [
      'a b',
      'ü',
      'n\nl',
      'back\\slash',
      'x!0-y',
      '%41',
      'A',
      '~',
      "it's",
      '日本',
      'a'.repeat(200),
      `${'a'.repeat(200)}b`,
    ]
    await mkdir(join(folder, 'sub', 'deep'), { recursive: true })
    const paths = [...names, ...names.slice(0, 10).map((name) => `sub/deep/${name}`)]
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
    expect(await source.next(listed[0] as (typeof listed)[0], null)).toBe('later')
    expect(await lake.ingest()).toMatchObject({ sources: 0, errors: [] })
    await rm(join(tmpdir(), `kept-${process.pid}`), { force: true })
  })
})
