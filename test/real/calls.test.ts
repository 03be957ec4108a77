import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createCompactor } from '../../templates/src/compactor/index.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type { CompactorStorage, LogSource, ObjectInfo } from '../../templates/src/types.ts'
import { fakeMerger } from '../../templates/test/fake-merger.ts'
import { entry, fakeWriter, lines } from '../../templates/test/fakes.ts'

const HOUR = 3600_000
const FOUNDED = Date.parse('2025-01-01T00:00:00Z')
/** Objects that one call to list an object store gives. */
const PAGE = 1000

interface Calls {
  /** Calls that name one object. */
  objects: number
  /** Calls that list, a page each. */
  pages: number
}

/** A page is a call as soon as its first object, or the end of the list, is asked for. */
async function* inPages<T>(items: AsyncIterable<T>, calls: Calls): AsyncIterable<T> {
  calls.pages++
  let given = 0
  for await (const item of items) {
    if (given > 0 && given % PAGE === 0) calls.pages++
    given++
    yield item
  }
}

function counted(storage: CompactorStorage, calls: Calls): CompactorStorage {
  const one = <A extends unknown[], R>(call: (...args: A) => R) => {
    return (...args: A) => {
      calls.objects++
      return call(...args)
    }
  }
  return {
    list: (prefix, startAfter) => inPages(storage.list(prefix, startAfter), calls),
    head: one(storage.head),
    get: one(storage.get),
    put: one(storage.put),
    delete: async (keys) => {
      if (keys.length > 0) calls.objects += Math.ceil(keys.length / PAGE)
      await storage.delete(keys)
    },
  }
}

/** A log an hour, in the order of time; the clock of the store is moved to when each of them is read. */
function hourlyLogs(calls: Calls, moveClock: (time: number) => void): LogSource & { hours: number[] } {
  const infoOf = (hour: number): ObjectInfo & { path: string } => {
    const key = new Date(hour).toISOString()
    return { key, path: key, size: 1, etag: key, lastModified: hour + HOUR }
  }
  const source = {
    name: 'logs',
    recheckMs: 0, // objects do not change
    hours: [] as number[],
    list: () =>
      inPages(
        (async function* () {
          for (const hour of source.hours) yield infoOf(hour)
        })(),
        calls,
      ),
    next: async ({ key, etag }: ObjectInfo, newest: { identity: string } | null) => {
      if (newest?.identity === etag) return 'ingested' as const
      calls.objects++
      moveClock(Date.parse(key) + HOUR + 60_000)
      const text = lines(entry({ timestamp: key, traceId: key }))
      return { key, path: key, offset: 0, identity: etag, body: once(text), sha256: createHash('sha256') }
    },
    reopen: async () => null,
    exists: async () => true,
    remove: async () => false,
  }
  return source
}

async function* once(text: string) {
  yield Buffer.from(text)
}

/** A lake of so many hours, all ingested and compacted, a week later. */
async function grownLake(hours: number) {
  let clock = FOUNDED
  const calls: Calls = { objects: 0, pages: 0 }
  const storage = memoryStorage(() => clock)
  const source = hourlyLogs(calls, (time) => {
    clock = time
  })
  const place = { storage: counted(storage, calls), prefix: 'analytics', granularity: 'day' as const, columns }
  const now = () => clock
  const ingest = createProcessor({ ...place, source, writer: fakeWriter, parseLine, now })
  const compact = createCompactor({ ...place, merger: fakeMerger, now })
  const count = async (run: () => Promise<{ errors: unknown[] }>): Promise<Calls> => {
    Object.assign(calls, { objects: 0, pages: 0 })
    expect((await run()).errors).toEqual([])
    return { ...calls }
  }
  source.hours = Array.from({ length: hours }, (_, n) => FOUNDED + n * HOUR)
  await ingest.run()
  await compact.run({ before: Number.MAX_SAFE_INTEGER })
  clock += 7 * 24 * HOUR
  return {
    source,
    ingest: () => count(() => ingest.run()),
    compact: () => count(() => compact.run({ before: Number.MAX_SAFE_INTEGER })),
    addHour: () => source.hours.push(Math.floor(clock / HOUR) * HOUR),
  }
}

async function callsPerRun(days: number) {
  const lake = await grownLake(days * 24)
  const jobs = async () => ({ ingest: await lake.ingest(), compact: await lake.compact() })
  const idle = await jobs()
  lake.addHour()
  const hour = await jobs()
  lake.source.hours = lake.source.hours.slice(-24)
  const idleDeleted = await jobs()
  lake.addHour()
  return { kept: { idle, hour }, deleted: { idle: idleDeleted, hour: await jobs() } }
}

describe('the storage calls of a run', () => {
  it('follow what is new and not the age of the lake; only pages of listings may, where sources are kept', async () => {
    const show = ({ objects, pages }: Calls) => `${objects} + ${pages} pages`
    const table: Record<string, Record<string, string>> = {}
    const runs = new Map<number, Awaited<ReturnType<typeof callsPerRun>>>()
    for (const days of [1, 365]) {
      const calls = await callsPerRun(days)
      runs.set(days, calls)
      for (const [what, { idle, hour }] of Object.entries(calls))
        table[`${days} days of hourly sources, ${what}`] = {
          'ingest, nothing new': show(idle.ingest),
          'compact, nothing new': show(idle.compact),
          'ingest of one': show(hour.ingest),
          'compact of one': show(hour.compact),
        }
    }
    console.table(table)
    const [young, old] = [runs.get(1), runs.get(365)]
    expect(old?.deleted).toEqual(young?.deleted)
    for (const what of ['idle', 'hour'] as const) {
      expect(old?.kept[what].compact).toEqual(young?.kept[what].compact)
      expect(old?.kept[what].ingest.objects).toBe(young?.kept[what].ingest.objects)
    }
    // Sources and marks, joined: a page of each for a thousand.
    expect(old?.kept.idle.ingest.pages).toBe(2 * Math.ceil((365 * 24) / PAGE))
  })
})
