import { execFile } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor, type IngestResult } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { localLogs } from '../../templates/src/storage/logs.ts'
import { entry, fakeWriter } from '../../templates/test/fakes.ts'
import { emit, type Project } from '../e2e/project.ts'

let project: Project
let logs: string
let lake: string
beforeAll(async () => {
  project = await emit('bad-input')
  logs = join(project.dir, 'logs')
  lake = join(project.dir, 'lake')
})
beforeEach(() => {
  for (const folder of [logs, lake]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(logs)
})

const line = (traceId: string, timestamp = '2026-03-04T05:06:07.890Z') =>
  `${JSON.stringify(entry({ traceId, timestamp }))}\n`
const add = (name: string, ...lines: string[]) => appendFileSync(join(logs, name), lines.join(''))
const ingest = (code = 0, ...flags: string[]) => project.json<IngestResult>('ingest', ['--settle', '0', ...flags], code)

/** Trace ids of all rows, as the exact reader shows them; the books must balance. */
async function rows(): Promise<string[]> {
  const found = await project.json<{ traceId: string }[]>('query', ['SELECT traceId FROM analytics ORDER BY ALL'])
  await project.json('verify', [])
  return found.map(({ traceId }) => traceId)
}

describe('logs', () => {
  it('with hostile names are read, each once', async () => {
    const names = [
      '..hidden not',
      '...',
      'new\nline',
      'back\\slash',
      '-rf',
      '$(touch x)',
      "quo'te",
      'ünï🙂',
      '%2e%2e%2f',
    ]
    const long = [200, 254].map((length) => 'x'.repeat(length))
    const read = [...names.slice(2), ...long]
    for (const name of [...names, ...long]) add(name, line(name))
    expect(await ingest()).toMatchObject({ sources: read.length, errors: [] })
    expect(await ingest()).toMatchObject({ sources: 0, errors: [] })
    expect((await rows()).sort()).toEqual(read.sort())
  })

  it('behind symbolic links are not read, wherever those lead', async () => {
    add('a.ndjson', line('a'))
    symlinkSync(join(logs, 'a.ndjson'), join(logs, 'current.ndjson'))
    symlinkSync(logs, join(logs, 'loop'))
    symlinkSync(join(logs, 'nowhere'), join(logs, 'dangling'))
    expect(await ingest()).toMatchObject({ sources: 1, rows: 1, errors: [] })
  })

  it('that vanish while a run goes on are no error, and the others are in', async () => {
    for (let n = 0; n < 300; n++) add(`${n}.ndjson`, line(`${1000 + n}`))
    const running = ingest()
    while (!existsSync(join(lake, 'analytics/_state/ingested'))) await new Promise((resolve) => setTimeout(resolve, 5))
    for (let n = 1; n < 300; n += 2) rmSync(join(logs, `${n}.ndjson`))
    expect((await running).errors).toEqual([])
    const ids = await rows()
    expect(ids.filter((id) => Number(id) % 2 === 0)).toHaveLength(150)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('that grow while two commands ingest them count once', async () => {
    const expected: string[] = []
    const grow = () => {
      for (let n = 0; n < 20; n++) {
        expected.push(String(100_000 + expected.length))
        add('a.ndjson', line(expected.at(-1) as string))
      }
    }
    grow()
    let running = true
    const both = Promise.all([1, 2].flatMap(() => [ingest(), ingest(0, '--max-entries-per-file', '7')]))
    both.finally(() => {
      running = false
    })
    for (; running; await new Promise((resolve) => setTimeout(resolve, 50))) grow()
    for (const { errors } of await both) expect(errors).toEqual([])
    await ingest()
    expect(await rows()).toEqual(expected)
  })

  it('of a clock that was set back or forward are read all the same', async () => {
    const times = { past: 0, future: Date.now() / 1000 + 400 * 24 * 3600 }
    for (const [name, time] of Object.entries(times)) {
      add(`${name}.ndjson`, line(`${name}-1`))
      utimesSync(join(logs, `${name}.ndjson`), time, time)
    }
    expect(await ingest(0, '--settle', '5')).toMatchObject({ rows: 2, errors: [] })
    for (const [name, time] of Object.entries(times)) {
      add(`${name}.ndjson`, line(`${name}-2`).trimEnd())
      utimesSync(join(logs, `${name}.ndjson`), time, time)
    }
    expect(await ingest(0, '--settle', '5')).toMatchObject({ rows: 2, errors: [] })
    expect(await rows()).toEqual(['future-1', 'future-2', 'past-1', 'past-2'])
  })

  it('that may not be read are named, and the others are in', async () => {
    add('a.ndjson', line('a'))
    add('secret.ndjson', line('s'))
    chmodSync(join(logs, 'secret.ndjson'), 0)
    const { code, stdout } = await asNobody('ingest', '--settle', '0', '--json')
    expect(code).toBe(1)
    const { rows: stored, errors } = JSON.parse(stdout) as IngestResult
    expect(errors).toMatchObject([{ where: 'secret.ndjson', message: expect.stringContaining('permission denied') }])
    expect(stored).toBe(1)
    chmodSync(join(logs, 'secret.ndjson'), 0o644)
    expect(JSON.parse((await asNobody('ingest', '--settle', '0', '--json')).stdout)).toMatchObject({
      rows: 1,
      errors: [],
    })
  })

  it('in a folder that is not there are an error that says what to set', async () => {
    rmSync(logs, { recursive: true })
    const { errors } = await ingest(1)
    expect(errors).toMatchObject([{ where: 'ingest', message: expect.stringMatching(/create it or set `source`/) }])
  })
})

/** Root may read everything, so the command runs as somebody else where the tests run as root. */
function asNobody(command: string, ...flags: string[]): Promise<{ code: number; stdout: string }> {
  const isRoot = process.getuid?.() === 0
  const NOBODY = 65534
  if (isRoot) {
    mkdirSync(lake, { recursive: true })
    for (const folder of [lake, logs, project.dir]) chownSync(folder, NOBODY, NOBODY)
    for (const name of readdirSync(logs)) chownSync(join(logs, name), NOBODY, NOBODY)
  }
  const args = ['--import', 'tsx', 'src/worker/standalone.ts', command, ...flags]
  const options = { cwd: project.dir, ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) }
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout: stdout || stderr })
    })
  })
}

describe('a lake', () => {
  const lakeFile = () => join(lake, 'analytics/_state/lake.json')

  it('of another granularity is refused by every command, with what to do', async () => {
    add('a.ndjson', line('a'))
    await ingest()
    const say = /partitioned by day.*put that back, or choose another prefix/
    for (const command of ['ingest', 'compact', 'report', 'verify']) {
      const { code, stdout, stderr } = await project.run(command, '--granularity', 'hour')
      expect(code, command).toBe(1)
      expect(stdout + stderr, command).toMatch(say)
    }
    expect(await rows()).toEqual(['a'])
  })

  it('of a newer schema is refused by every command, with what to do', async () => {
    add('a.ndjson', line('a'))
    await ingest()
    const text = readFileSync(lakeFile(), 'utf8')
    writeFileSync(lakeFile(), JSON.stringify({ ...JSON.parse(text), schemaVersion: 99 }))
    for (const command of ['ingest', 'compact', 'report', 'verify']) {
      const { code, stdout, stderr } = await project.run(command)
      expect(code, command).toBe(1)
      expect(stdout + stderr, command).toMatch(/written with schema 99, this code knows 1; upgrade/)
    }
    writeFileSync(lakeFile(), text)
    expect(await rows()).toEqual(['a'])
  })

  it('with a damaged compacted file is named for it, keeps it as it is, and goes on with the others', async () => {
    const days = ['2026-03-04', '2026-03-05']
    for (const day of days) add('a.ndjson', line(`${day} 1`, `${day}T01:00:00.000Z`))
    await ingest()
    await project.json('compact', ['--before', '0s'])
    for (const day of days) add('a.ndjson', line(`${day} 2`, `${day}T02:00:00.000Z`))
    await ingest()

    const [damaged, sound] = days.map((day) => join(lake, 'analytics', day.replaceAll('-', '/'), 'compacted.parquet'))
    const bytes = readFileSync(damaged as string)
    const broken = Buffer.from(bytes).fill(0xff, bytes.length - 300, bytes.length - 8)
    writeFileSync(damaged as string, broken)
    const before = readFileSync(sound as string)
    const { errors, compacted } = await project.json<{
      errors: { where: string; message: string }[]
      compacted: number
    }>('compact', ['--before', '0s'], 1)
    expect(errors).toMatchObject([{ where: '2026/03/04', message: expect.stringContaining('compacted.parquet') }])
    expect(compacted).toBe(1)
    expect(readFileSync(sound as string).equals(before)).toBe(false)
    expect(readFileSync(damaged as string).equals(broken)).toBe(true)
    for (const command of ['report', 'verify']) {
      const { code, stdout, stderr } = await project.run(command)
      expect(code, command).toBe(1)
      expect(stdout + stderr, command).toContain('2026/03/04/compacted.parquet')
    }
    writeFileSync(damaged as string, bytes)
    await project.json('compact', ['--before', '0s'])
    expect(await rows()).toEqual(days.flatMap((day) => [`${day} 1`, `${day} 2`]))
  })

  it('on a disk that gets full at any write loses nothing, and is whole once there is room', async () => {
    add('a.ndjson', ...[1, 2, 3].map((hour) => line(`a${hour}`, `2026-03-04T0${hour}:00:00.000Z`)))
    add('b.ndjson', line('b'))
    for (let room = 0; ; room++) {
      rmSync(lake, { recursive: true, force: true })
      const storage = localStorageAdapter(lake)
      let left = room
      const full: typeof storage = {
        ...storage,
        put: async (...args) => {
          if (left-- > 0) return storage.put(...args)
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
        },
      }
      const place = {
        source: localLogs(logs, { settleMs: 0 }),
        prefix: 'analytics',
        granularity: 'day' as const,
        columns,
      }
      const run = (store: typeof storage) =>
        createProcessor({ ...place, storage: store, writer: fakeWriter, parseLine })
          .run()
          .catch((error: Error) => ({ errors: [{ where: 'ingest', message: error.message }], sources: 0 }))
      const first = await run(full)
      const second = await run(storage)
      expect(second.errors).toEqual([])
      expect(first.sources + second.sources).toBe(2)
      if (first.errors.length === 0) break
      expect(first.errors[0]?.message).toContain('ENOSPC')
    }
  })
})
