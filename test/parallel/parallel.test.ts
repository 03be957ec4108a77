import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { columnarParquetWriter } from '../../templates/src/parquet/columnar/writer.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { listPending, type Pending } from '../../templates/src/processor/pending.ts'
import { columns } from '../../templates/src/schema.ts'
import { localLogs } from '../../templates/src/storage/logs.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import { generateLogs, random } from '../support/generate.ts'
import { slowProject } from './share.ts'

const project = slowProject('node', 'columnar')
let alone: Record<string, string>
let rows: number

beforeAll(async () => {
  await generateLogs(project.logs, { lines: 28_000, files: 8 })
  const run = await project.ingest('alone', 1)
  expect([run.code, run.processes, run.result.sources]).toEqual([0, 1, 8])
  rows = run.result.rows
  alone = project.lake('alone')
  expect(Object.keys(alone).length).toBeGreaterThan(16)
}, 120_000)

describe('ingest in several processes', () => {
  it('gives the very lake that one process gives, and names a log that cannot be read', async () => {
    const broken = join(project.logs, 'broken.ndjson.gz')
    writeFileSync(broken, Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255, 255]))
    const run = await project.ingest('shared', 2, { HELP: '1' })
    expect([run.code, run.processes, run.result.sources, run.result.rows]).toEqual([1, 2, 8, rows])
    expect(run.result.errors.map(({ where }) => where)).toEqual(['broken.ndjson.gz'])
    expect(project.lake('shared')).toEqual(alone)
    rmSync(broken)
  }, 120_000)

  it('loses nothing when one is killed: its log is an error, and the next run takes it', async () => {
    const first = await project.ingest('killed', 2, { HELP: '1', DIE: '1' })
    expect([first.code, first.result.sources, first.result.errors.length]).toEqual([1, 7, 1])
    const [error] = first.result.errors
    expect(error?.where).toMatch(/^traffic-\d+\.ndjson$/)
    expect(error?.message).toContain('SIGKILL')
    const second = await project.ingest('killed', 2)
    expect([second.code, second.result.sources]).toEqual([0, 1])
    expect(first.result.rows + second.result.rows).toBe(rows)
    expect(project.lake('killed')).toEqual(alone)
  }, 120_000)

  it('gives the same lake in whatever order the logs are taken', async () => {
    const next = random(7)
    const lakes: Record<string, string>[] = []
    for (let round = 0; round < 4; round++) {
      const storage = memoryStorage()
      const source = localLogs(project.logs, { settleMs: 0 })
      const found: Pending[] = []
      for await (const pending of listPending(source, storage, 'analytics', false)) found.push(pending)
      const order = found.map((pending) => ({ pending, at: round === 0 ? 0 : next() })).sort((a, b) => a.at - b.at)
      const options = { source, storage, columns, parseLine, prefix: 'analytics', granularity: 'day' } as const
      const shares = [order.filter((_, at) => at % 2), order.filter((_, at) => at % 2 === 0)]
      const ingest = (share: typeof order) => {
        const pending = (async function* () {
          for (const { pending } of share) yield pending
        })()
        const writer = columnarParquetWriter()
        return createProcessor({ ...options, writer, pending, maxEntriesPerFile: 3000, now: () => 0 }).run()
      }
      await Promise.all(shares.map(ingest))
      const lake: Record<string, string> = {}
      for await (const { key } of storage.list('')) {
        const chunks: Uint8Array[] = []
        for await (const chunk of (await storage.get(key))?.body ?? []) chunks.push(chunk)
        lake[key] = Buffer.concat(chunks).toString('base64')
      }
      lakes.push(lake)
    }
    for (const lake of lakes.slice(1)) expect(lake).toEqual(lakes[0])
    expect(Object.keys(lakes[0] ?? {}).length).toBeGreaterThan(16)
  }, 60_000)
})
