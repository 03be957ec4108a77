import { execFile } from 'node:child_process'
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IngestResult } from '../../templates/src/processor/index.ts'
import { entry } from '../../templates/test/fakes.ts'
import { emit, type Project } from '../e2e/project.ts'

const USAGE = new URL('../../bench/usage.mjs', import.meta.url).href
/** What the process takes that ingests next to nothing, and a full buffer twice over. */
const MOST_MEGABYTES = 450

let project: Project
let logs: string
beforeAll(async () => {
  project = await emit('huge')
  logs = join(project.dir, 'logs')
})
beforeEach(() => {
  rmSync(logs, { recursive: true, force: true })
  rmSync(join(project.dir, 'lake'), { recursive: true, force: true })
  mkdirSync(logs)
})

/** Runs ingest as a process of its own, and measures it. */
async function ingest(...flags: string[]): Promise<{ result: IngestResult; seconds: number; megabytes: number }> {
  const reports = join(project.dir, '.usage')
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports)
  const command = [
    '--import',
    USAGE,
    '--import',
    'tsx',
    'src/worker/standalone.ts',
    'ingest',
    '--settle',
    '0',
    '--json',
  ]
  const start = performance.now()
  const stdout = await new Promise<string>((resolve) => {
    const options = { cwd: project.dir, env: { ...process.env, BENCH_USAGE: reports } }
    execFile(process.execPath, [...command, ...flags], options, (_, stdout) => resolve(stdout))
  })
  const seconds = (performance.now() - start) / 1000
  // Every process has a memory of its own to keep within bounds.
  const peaks = readdirSync(reports).map((file) => JSON.parse(readFileSync(join(reports, file), 'utf8')).rss)
  const megabytes = Math.max(...peaks) / 1e6
  console.log(`${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`)
  return { result: JSON.parse(stdout), seconds, megabytes }
}

const write = (name: string, chunks: Iterable<string | Buffer>) =>
  pipeline(Readable.from(chunks), createWriteStream(join(logs, name)))

const line = (n: number, timestamp = '2026-03-04T05:06:07.890Z') =>
  `${JSON.stringify(entry({ timestamp, traceId: n.toString(16).padStart(32, '0') }))}\n`

describe('ingest of one log', () => {
  it('that spreads over seven thousand hours is bounded in time and memory', async () => {
    const HOURS = 7_000 // all of them fit into the buffer at once
    const start = Date.parse('2025-01-01T00:00:00Z')
    await write(
      'wide.ndjson',
      (function* () {
        for (let n = 0; n < 3 * HOURS; n++) yield line(n, new Date(start + (n % HOURS) * 3600_000).toISOString())
      })(),
    )
    const { result, seconds, megabytes } = await ingest()
    expect(result).toMatchObject({ rows: 3 * HOURS, errors: [] })
    expect(result.fragments).toBeLessThan(2 * HOURS)
    expect(seconds).toBeLessThan(400)
    expect(megabytes).toBeLessThan(MOST_MEGABYTES)
  })

  it('with a line of 100 MB counts that line as too long and keeps its neighbours', async () => {
    const piece = Buffer.alloc(1 << 20, 'stoma_analytics ')
    await write('long.ndjson', [line(1), ...Array.from({ length: 100 }, () => piece), '\n', line(2)])
    const { result, megabytes } = await ingest()
    expect(result).toMatchObject({ lines: 3, rows: 2, rejected: { 'too-long': 1 }, errors: [] })
    expect(megabytes).toBeLessThan(MOST_MEGABYTES)
  })

  it('that is a gzip bomb ends with an error long before the bomb does, every time, and the others go on', async () => {
    const zeros = Buffer.alloc(1 << 20)
    // With an entry in front, and with none: finding out what the log is called inflates its beginning, too.
    for (const name of ['bomb.gz', 'dud.gz']) {
      const blanks = (function* () {
        if (name === 'bomb.gz') yield Buffer.from(line(1))
        for (let n = 0; n < 2000; n++) yield zeros
      })()
      await pipeline(Readable.from(blanks), createGzip(), createWriteStream(join(logs, name)))
    }
    await write('sound.ndjson', [line(2)])
    for (const rows of [1, 0]) {
      const { result, seconds, megabytes } = await ingest()
      expect(result).toMatchObject({ rows })
      expect(result.errors.map(({ where }) => where)).toEqual(['bomb.gz', 'dud.gz'])
      for (const { message } of result.errors) expect(message).toMatch(/200 times its size.*maxGzipRatio/)
      expect(seconds).toBeLessThan(30)
      expect(megabytes).toBeLessThan(MOST_MEGABYTES)
    }
  })
})
