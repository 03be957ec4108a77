import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Granularity } from '../../templates/src/lake/layout.ts'
import { parseLineage } from '../../templates/src/lake/lineage.ts'
import { readAll } from '../../templates/src/lake/state.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { columns } from '../../templates/src/schema.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type {
  AnalyticsEntry,
  CompactorStorage,
  LogSource,
  Mark,
  ObjectInfo,
  ParquetMerger,
  Pins,
  PutCondition,
  SourceInfo,
} from '../../templates/src/types.ts'
import type { Subject } from './campaign.ts'
import { createWatch, type Expect } from './check.ts'
import { fakeEngine, rowText } from './engines.ts'
import { type Chunk, createLogs } from './logs.ts'

/** A promise of the protocol as a small story, to be kept by the code as it is and broken by a mutation of it. */
export interface Story {
  name: string
  tell(subject: Subject): Promise<void>
}

const PREFIX = 'analytics'
const HOUR_MS = 3600_000
const FRAGMENT = /^put .*\/\d{10}-/
const MARK = /^put (?!.*!seen-).*\/_state\/ingested\//
const COMMIT = /^put .*\/compacted\.parquet/
const DELETE = /^delete /

/** One entry for each of these times. */
function chunk(id: string, ...times: string[]): Chunk {
  const entries = times.map((time, n) => ({ id: `${id}.${n}`, timestamp: `2026-03-${time}:00:00.000Z` }))
  const common = { _type: 'stoma_analytics', gatewayName: 'shop', routePath: '/', method: 'GET', statusCode: 200 }
  const lines = entries.map(({ id, timestamp }) => ({ ...common, timestamp, traceId: id, durationMs: 1 }))
  return { id, entries, text: lines.map((line) => `${JSON.stringify(line)}\n`).join('') }
}

const rowsOf =
  (gatewayName: string): Expect =>
  ({ entries }) =>
    entries.map(({ id, timestamp }) => rowText(id, gatewayName, Date.parse(timestamp)))
const asWritten = rowsOf('shop')
const asEdited = rowsOf('edited')
const edit = (entry: AnalyticsEntry) => ({ ...entry, gatewayName: 'edited' })

class Crash extends Error {}

/** What interrupts a run, at the n-th call that matches: an end of the process, or whatever else happens meanwhile. */
interface Interruption {
  at: RegExp
  nth?: number
  /** The process ends there, the call done or not. */
  dies?: 'before' | 'after'
  /** The call is done or not, and reported as failed; the process goes on. */
  fails?: 'before' | 'after'
  /** Others do this just before the call. */
  meanwhile?: () => Promise<unknown>
}

function interrupted(storage: CompactorStorage, source: LogSource, interruption?: Interruption) {
  let left = interruption?.nth ?? 1
  let dead = false
  const call = async <T>(what: string, perform: () => Promise<T>): Promise<T> => {
    if (dead) throw new Crash(`${what}: this process is dead`)
    if (!interruption?.at.test(what) || --left !== 0) return perform()
    const { dies, fails, meanwhile } = interruption
    await meanwhile?.()
    dead = Boolean(dies)
    if (dies === 'after' || fails === 'after' || (!dies && !fails)) {
      const value = await perform()
      if (!dies && !fails) return value
    }
    throw new Crash(`${what}: interrupted`)
  }
  const wrapped: CompactorStorage = {
    async *list(prefix, after) {
      yield* await call(`list ${prefix}`, async () => {
        const found: ObjectInfo[] = []
        for await (const info of storage.list(prefix, after)) found.push(info)
        return found
      })
    },
    head: (key) => call(`head ${key}`, () => storage.head(key)),
    get: (key, options) => call(`get ${key}`, () => storage.get(key, options)),
    async put(key, body, condition) {
      const bytes = body instanceof Uint8Array ? body : await readAll(body)
      return call(`put ${key}`, () => storage.put(key, bytes, condition))
    },
    async delete(keys) {
      for (const key of keys) await call(`delete ${key}`, () => storage.delete([key]))
    },
  }
  const logs: LogSource = { ...source, remove: (info) => call(`remove ${info.key}`, () => source.remove(info)) }
  return { storage: wrapped, source: logs }
}

type Lake = ReturnType<typeof newLake>

/** A lake in memory, every write watched. */
function newLake({ code, logRules, breakStorage = (storage) => storage }: Subject) {
  const logs = createLogs(logRules)
  const watch = createWatch(fakeEngine, logs, PREFIX, 'day')
  const clock = { now: Date.UTC(2026, 4, 1) }
  const store = memoryStorage(() => (clock.now += 1000))
  const now = () => clock.now
  const place = { columns, prefix: PREFIX, granularity: 'day' as Granularity, now }

  interface IngestOver {
    edited?: boolean
    maxEntriesPerFile?: number
    deleteSources?: boolean
  }
  const ingest = ({ edited = false, ...over }: IngestOver = {}, interruption?: Interruption) =>
    code
      .createProcessor({
        ...place,
        ...interrupted(breakStorage(watch.watched(store, edited ? asEdited : asWritten)), logs.source, interruption),
        ...over,
        writer: fakeEngine.writer,
        parseLine,
        transform: edited ? edit : undefined,
      })
      .run()
  const compact = (
    interruption?: Interruption,
    before = Date.UTC(2027, 0),
    merger: ParquetMerger = fakeEngine.merger,
  ) =>
    code
      .createCompactor({
        ...place,
        storage: interrupted(breakStorage(watch.watched(store, null)), logs.source, interruption).storage,
        merger,
        sourceExists: (_, key) => logs.source.exists(key),
      })
      .run({ before })

  const rebuild = (interruption?: Interruption) =>
    code
      .createReplay({
        ...place,
        ...interrupted(breakStorage(watch.watched(store, asEdited)), logs.source, interruption),
        writer: fakeEngine.writer,
        merger: fakeEngine.merger,
        parseLine,
        transform: edit,
      })
      .run({ from: 0, to: Number.MAX_SAFE_INTEGER })

  const retain = (before: string, interruption?: Interruption, isDry = false) => {
    const removesBefore = Date.parse(`2026-03-${before}:00:00Z`)
    const { storage } = interrupted(breakStorage(watch.watched(store, { removesBefore })), logs.source, interruption)
    const options = { ...place, storage, merger: fakeEngine.merger }
    return code.createRetention(options).run({ before: removesBefore, isDry })
  }

  /** Rows as the exact reader sees them. */
  async function read(interruption?: Interruption): Promise<string[]> {
    const { storage } = interrupted(store, logs.source, interruption)
    const pinned: Uint8Array[] = []
    const openPins = (): Pins => ({
      async take(key) {
        const found = await storage.get(key)
        if (!found) return null
        const bytes = await readAll(found.body)
        const path = String(pinned.push(bytes) - 1)
        const range = async (offset: number, length: number) => bytes.subarray(offset, offset + length)
        return { key, path, input: { name: key, size: bytes.length, read: range } }
      },
      release: async () => {},
    })
    const options = { storage, prefix: PREFIX, granularity: place.granularity, openPins }
    const { files, broken } = await code.openSnapshot({ ...options, readMetadata: fakeEngine.merger.readMetadata })
    assert.deepEqual(broken, [])
    const read = files.map(async ({ path }) => (await fakeEngine.read(pinned[Number(path)] as Uint8Array)).rows)
    return (await Promise.all(read)).flat().sort()
  }

  const dataKeys = () => [...store.objects.keys()].filter((key) => /\/2026\/.*\.parquet$/.test(key)).sort()
  const lake = {
    logs,
    clock,
    store,
    ingest,
    compact,
    rebuild,
    retain,
    read,
    /** Somebody edits the config. */
    configure: (granularity: Granularity) => Object.assign(place, { granularity }),
    fragments: () => dataKeys().filter((key) => !key.endsWith('compacted.parquet')),
    /** What a plain glob over the lake reads. */
    async glob(): Promise<string[]> {
      const files = dataKeys().map((key) => fakeEngine.read(store.objects.get(key)?.bytes as Uint8Array))
      return (await Promise.all(files)).flatMap(({ rows }) => rows).sort()
    },
    lineage: async (partition = '2026/03/04') => {
      const key = `${PREFIX}/${partition}/compacted.parquet`
      const { metadata } = await fakeEngine.read(store.objects.get(key)?.bytes as Uint8Array)
      return parseLineage(metadata, key)
    },
    /** A write of long ago arrives. */
    arrives: (key: string, bytes: Uint8Array) => watch.watched(store, asWritten).put(key, bytes, 'absent'),
    /** Both jobs in peace; then reader and glob agree on exactly these rows, and no rule was broken on the way. */
    async comesToRest(rows: readonly string[], over: IngestOver = {}): Promise<void> {
      assert.deepEqual((await ingest(over)).errors, [])
      await lake.holds(rows)
      await compact()
      clock.now += 25 * HOUR_MS
      assert.deepEqual((await compact()).errors, [])
      await compact()
      await lake.holds(rows)
      assert.deepEqual(await lake.glob(), [...rows].sort())
      assert.deepEqual(lake.fragments(), [])
      await watch.checkAtRest()
      assert.deepEqual(watch.violations, [])
    },
    /** The exact reader sees these rows now. */
    async holds(rows: readonly string[]): Promise<void> {
      assert.deepEqual(await read(), [...rows].sort())
      assert.deepEqual(watch.violations, [])
    },
  }
  return lake
}

const story = (name: string, tell: (lake: Lake, another: () => Lake) => Promise<void>): Story => ({
  name,
  tell: (subject) => tell(newLake(subject), () => newLake(subject)),
})

const A = chunk('a', '04T05', '04T06', '05T00')
const B = chunk('b', '04T05', '04T09')
const OTHER = chunk('o', '04T05')

/** Two logs of two days, ingested. */
async function ingested(lake: Lake): Promise<string[]> {
  lake.logs.create('a', A)
  lake.logs.create('b', B)
  await lake.ingest()
  return [...asWritten(A), ...asWritten(B)]
}

async function dies(run: Promise<{ errors: readonly unknown[] }>): Promise<void> {
  const outcome = await run.then(
    ({ errors }) => errors.length > 0,
    (error) => error instanceof Crash,
  )
  assert.ok(outcome, 'the run was to be interrupted')
}

const crashes: [string, Interruption][] = [
  ['before the first fragment', { at: FRAGMENT, dies: 'before' }],
  ['after the first fragment', { at: FRAGMENT, dies: 'after' }],
  ['between the fragments of two partitions', { at: FRAGMENT, nth: 3, dies: 'before' }],
  ['before the mark', { at: MARK, dies: 'before' }],
  ['after the mark', { at: MARK, dies: 'after' }],
]

const ingestCrashes = crashes.map(([name, interruption]) =>
  story(`ingest dies ${name}: the next run completes it`, async (lake) => {
    lake.logs.create('a', A)
    await dies(lake.ingest({}, interruption))
    await lake.holds(interruption.at === MARK && interruption.dies === 'after' ? asWritten(A) : [])
    await lake.comesToRest(asWritten(A))
  }),
)

const retries: [string, { edited?: boolean; maxEntriesPerFile?: number }][] = [
  ['an edited transform', { edited: true }],
  ['other bounds', { maxEntriesPerFile: 1 }],
]

const changedRetries = retries.map(([name, over]) =>
  story(`a retry with ${name} leaves nothing of the first try`, async (lake) => {
    lake.logs.create('a', A)
    await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
    await lake.comesToRest((over.edited ? asEdited : asWritten)(A), over)
  }),
)

/** A log on disk, of which the first chunk is in. */
async function onDisk({ code }: Subject, tell: (file: string, source: LogSource, mark: Mark) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'stories-'))
  try {
    const file = join(folder, 'a.ndjson')
    writeFileSync(file, A.text)
    const source = code.localLogs(folder, { settleMs: 0 })
    const storage = memoryStorage()
    const place = { storage, source, columns, prefix: PREFIX, granularity: 'day' as const, parseLine }
    await code.createProcessor({ ...place, writer: fakeEngine.writer }).run()
    const [, { bytes } = { bytes: [] }] = [...storage.objects].find(([key]) => /ingested.*json$/.test(key)) ?? []
    await tell(file, source, JSON.parse(Buffer.from(bytes).toString()))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function firstOf(source: LogSource): Promise<SourceInfo> {
  for await (const info of source.list()) return info
  throw new Error('no log is listed')
}

/** A store on disk, and many who write to it at once. */
async function inFolder({ code }: Subject, tell: (store: CompactorStorage) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'stories-'))
  try {
    await tell(code.localStorageAdapter(folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function winners(store: CompactorStorage, key: string, condition: PutCondition): Promise<number> {
  const puts = Array.from({ length: 6 }, (_, n) => store.put(key, Buffer.from(`writer ${n}`), condition))
  return (await Promise.all(puts)).filter((info) => info !== null).length
}

/** Says the same of files: the rules that the store on disk and the logs have to keep. */
const fileStories: Story[] = [
  {
    name: 'a file in the lake appears whole or not at all',
    tell: (subject) =>
      inFolder(subject, async (store) => {
        const body = async function* () {
          yield Buffer.from('the first half')
          for await (const { key } of store.list('')) assert.ok(!key.endsWith('.parquet'), `${key} is there already`)
          yield Buffer.from(' and the second')
        }
        assert.equal((await store.put('a/b.parquet', body(), 'absent'))?.size, 29)
      }),
  },
  {
    name: 'of many who write a file at once, where none is or over the same version, one does',
    tell: (subject) =>
      inFolder(subject, async (store) => {
        for (let n = 0; n < 5; n++) {
          const key = `a/${n}.parquet`
          assert.equal(await winners(store, key, 'absent'), 1)
          const { etag: ifMatch = '' } = (await store.head(key)) ?? {}
          assert.equal(await winners(store, key, { ifMatch }), 1)
          assert.equal(await winners(store, key, { ifMatch }), 0)
        }
      }),
  },
  {
    name: 'a file whose first lines were changed is refused',
    tell: (subject) =>
      onDisk(subject, async (file, source, mark) => {
        writeFileSync(file, A.text.replace('a.2', 'x.2') + B.text)
        const read = async () => {
          const next = await source.next(await firstOf(source), mark)
          if (typeof next === 'object') await readAll(next.body)
        }
        await assert.rejects(read, /not those ingested before/)
      }),
  },
  {
    name: 'a file is removed only as the version that was seen, and only after a day of silence',
    tell: (subject) =>
      onDisk(subject, async (file, source) => {
        const now = Date.now
        const seen = await firstOf(source)
        assert.equal(await source.remove(seen), false)
        try {
          Date.now = () => now() + 48 * HOUR_MS
          appendFileSync(file, B.text)
          assert.equal(await source.remove(seen), false)
          assert.equal(await source.remove(await firstOf(source)), true)
        } finally {
          Date.now = now
        }
        assert.ok(!existsSync(file))
      }),
  },
]

/** Rows of the 4th of March are to go, those of the 5th stay. */
const KEEP = '05T00'
const stays = (...chunks: Chunk[]) =>
  chunks.flatMap(asWritten).filter((row) => Number(row.slice(row.lastIndexOf(' '))) >= Date.UTC(2026, 2, 5))

const retentionCrashes: [string, Interruption][] = [
  ['before its commit', { at: COMMIT, dies: 'before' }],
  ['after its commit', { at: COMMIT, dies: 'after' }],
  ['between two deletions', { at: DELETE, nth: 2, dies: 'before' }],
]

const retentionStories: Story[] = [
  ...retentionCrashes.map(([name, interruption]) =>
    story(`retention dies ${name}: the next run completes it`, async (lake) => {
      const rows = await ingested(lake)
      await dies(lake.retain(KEEP, interruption))
      await lake.holds(interruption.dies === 'before' && interruption.at === COMMIT ? rows : stays(A, B))
      await lake.retain(KEEP)
      await lake.comesToRest(stays(A, B))
    }),
  ),

  story('what retention removed is gone, compacted or not, stays out, and the other partitions stay', async (lake) => {
    await ingested(lake)
    await lake.compact()
    lake.logs.create('o', OTHER)
    await lake.ingest()
    assert.deepEqual(
      (await lake.retain(KEEP)).emptied.map(({ path, rows }) => [path, rows]),
      [['2026/03/04', 5]],
    )
    await lake.holds(stays(A, B))
    assert.equal((await lake.ingest()).sources, 0)
    assert.deepEqual((await lake.retain(KEEP)).emptied, [])
    await lake.comesToRest(stays(A, B))
  }),

  story('a partition that is old in part stays whole', async (lake) => {
    const rows = await ingested(lake)
    assert.deepEqual((await lake.retain('04T23')).emptied, [])
    await lake.comesToRest(rows)
  }),

  story('a dry run of retention tells what a real one does, and changes nothing', async (lake) => {
    const rows = await ingested(lake)
    const before = new Map(lake.store.objects)
    const { emptied } = await lake.retain(KEEP, undefined, true)
    assert.deepEqual(new Map(lake.store.objects), before)
    assert.deepEqual((await lake.retain(KEEP)).emptied, emptied)
    assert.equal(emptied[0]?.rows, rows.length - stays(A, B).length)
  }),

  story('late rows for a removed partition count until the next retention, and only they', async (lake) => {
    await ingested(lake)
    await lake.retain(KEEP)
    lake.logs.create('o', OTHER)
    await lake.comesToRest([...stays(A, B), ...asWritten(OTHER)])
    assert.equal((await lake.retain(KEEP)).emptied[0]?.rows, 1)
    await lake.comesToRest(stays(A, B))
  }),

  story('a slow worker writes a removed fragment again, also one that the lineage has forgotten', async (lake) => {
    await ingested(lake)
    const old = lake.fragments().map((key) => [key, lake.store.objects.get(key)?.bytes as Uint8Array] as const)
    lake.clock.now += 26 * HOUR_MS
    lake.logs.create('later', chunk('later', '06T01'))
    await lake.ingest()
    await lake.retain(KEEP)
    await lake.compact()
    for (const [key, bytes] of old) await lake.arrives(key, bytes)
    const rows = [...stays(A, B), ...asWritten(chunk('later', '06T01'))]
    await lake.holds(rows)
    await lake.comesToRest(rows)
  }),

  story('an old removed partition names no fragment any more', async (lake) => {
    await ingested(lake)
    await lake.compact()
    lake.clock.now += 26 * HOUR_MS
    lake.logs.create('later', chunk('later', '06T01'))
    await lake.ingest()
    await lake.retain(KEEP)
    assert.deepEqual((await lake.lineage()).names, {})
  }),

  story('a log that is half ingested while retention runs comes in late, and is not lost', async (lake) => {
    lake.logs.create('a', A)
    lake.logs.create('b', B)
    await lake.ingest({}, { at: MARK, nth: 2, meanwhile: () => lake.retain(KEEP) })
    await lake.holds([...stays(A), ...asWritten(B)])
    await lake.retain(KEEP)
    await lake.comesToRest(stays(A, B))
  }),

  story('of a compaction and a retention at once one commits, and the next run does the rest', async (lake) => {
    await ingested(lake)
    const { conflicts } = await lake.retain(KEEP, { at: COMMIT, meanwhile: () => lake.compact() })
    assert.equal(conflicts, 1)
    await lake.holds([A, B].flatMap(asWritten))
    await lake.retain(KEEP)
    await lake.comesToRest(stays(A, B))
  }),

  story('a compaction that retention overtakes brings nothing back', async (lake) => {
    await ingested(lake)
    await lake.compact({ at: COMMIT, meanwhile: () => lake.retain(KEEP) })
    await lake.holds(stays(A, B))
    await lake.comesToRest(stays(A, B))
  }),

  story('a replay that is asked for it brings a removed partition back, until the next retention', async (lake) => {
    await ingested(lake)
    await lake.compact()
    await lake.retain(KEEP)
    assert.deepEqual((await lake.rebuild()).errors, [])
    await lake.holds([A, B].flatMap(asEdited))
    await lake.retain(KEEP)
    await lake.comesToRest(stays(A, B).map((row) => row.replace(' shop ', ' edited ')))
  }),

  story('a reader sees a partition before retention or after it, never a part', async (lake) => {
    const rows = await ingested(lake)
    await lake.compact()
    lake.logs.create('o', OTHER)
    await lake.ingest()
    const seen = await lake.read({ at: /^get .*\.parquet/, nth: 2, meanwhile: () => lake.retain(KEEP) })
    assert.ok([rows.length + 1, stays(A, B).length].includes(seen.length), `${seen.length} rows were seen`)
  }),
]

/** Every crash point of design §6, and what else a run may meet. */
export const stories: readonly Story[] = [
  ...ingestCrashes,
  ...changedRetries,
  ...retentionStories,

  story('the mark is written, but reported as failed: nothing is read twice', async (lake) => {
    lake.logs.create('a', A)
    assert.equal((await lake.ingest({}, { at: MARK, fails: 'after' })).errors.length, 1)
    assert.equal((await lake.ingest()).sources, 0)
    await lake.comesToRest(asWritten(A))
  }),

  story('a fragment is not stored: the source has no mark, and the error is told', async (lake) => {
    lake.logs.create('a', A)
    assert.equal((await lake.ingest({}, { at: FRAGMENT, nth: 2, fails: 'before' })).errors.length, 1)
    await lake.holds([])
    await lake.comesToRest(asWritten(A))
  }),

  story('a source replaced before its mark: the new one counts, whole', async (lake) => {
    lake.logs.create('a', A)
    await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
    lake.logs.replace('a', OTHER)
    await lake.comesToRest(asWritten(OTHER))
  }),

  story('a source replaced between its mark and its deletion stays, and is refused', async (lake) => {
    lake.logs.create('a', A)
    await lake.ingest()
    const meanwhile = async () => lake.logs.replace('a', OTHER)
    await lake.ingest({ deleteSources: true }, { at: /^remove a/, meanwhile })
    assert.ok(lake.logs.current.has('a'))
    assert.equal((await lake.ingest({ deleteSources: true })).errors.length, 1)
    await lake.holds(asWritten(A))
    lake.logs.vanish('a')
    await lake.comesToRest(asWritten(A))
  }),

  story('a source gone before its mark: not a row of it, and after a day not a file', async (lake) => {
    const rows = await ingested(lake)
    lake.logs.create('c', OTHER)
    await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
    lake.logs.vanish('c')
    await lake.compact()
    assert.equal(lake.fragments().length, 1, 'for a day it may still be somebody’s work in progress')
    await lake.comesToRest(rows)
  }),

  story('a source that is there is never given up, however old its fragments are', async (lake) => {
    lake.logs.create('a', A)
    await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
    lake.clock.now += 100 * HOUR_MS
    await lake.compact()
    await lake.comesToRest(asWritten(A))
  }),

  story('a source gone for a moment is not given up', async (lake) => {
    lake.logs.create('a', A)
    await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
    lake.logs.vanish('a')
    await lake.compact()
    lake.logs.redeliver('a')
    await lake.comesToRest(asWritten(A))
  }),

  story('ingest dies before it deletes the source: it is deleted later, and counts once', async (lake) => {
    lake.logs.create('a', A)
    await lake.ingest()
    await dies(lake.ingest({ deleteSources: true }, { at: /^remove a/, dies: 'before' }))
    await lake.ingest({ deleteSources: true })
    assert.ok(!lake.logs.current.has('a'))
    await lake.comesToRest(asWritten(A))
  }),

  story('a source is not deleted by the run that fails to mark it', async (lake) => {
    lake.logs.create('a', A)
    await lake.ingest({ deleteSources: true }, { at: MARK, fails: 'before' })
    assert.ok(lake.logs.current.has('a'))
    await lake.comesToRest(asWritten(A))
  }),

  story('a slow worker writes an absorbed and deleted fragment again', async (lake) => {
    const rows = await ingested(lake)
    const old = lake.fragments().map((key) => [key, lake.store.objects.get(key)?.bytes as Uint8Array] as const)
    await lake.compact()
    for (const [key, bytes] of old) await lake.arrives(key, bytes)
    await lake.holds(rows)
    await lake.comesToRest(rows)
  }),

  story('a slow worker writes a fragment again that the lineage has forgotten', async (lake) => {
    const rows = await ingested(lake)
    const [[key, bytes]] = lake.fragments().map((key) => [key, lake.store.objects.get(key)?.bytes as Uint8Array]) as [
      [string, Uint8Array],
    ]
    await lake.compact()
    lake.clock.now += 26 * HOUR_MS
    lake.logs.create('late', OTHER)
    await lake.ingest()
    await lake.compact()
    assert.equal(Object.keys((await lake.lineage()).names).length, 1, 'what is a day old has left the lineage')
    await lake.arrives(key, bytes)
    await lake.holds([...rows, ...asWritten(OTHER)])
    await lake.comesToRest([...rows, ...asWritten(OTHER)])
  }),

  story('what a run leaves out is not forgotten with what it takes', async (lake) => {
    const cold = Date.parse('2026-03-04T08:00:00Z')
    lake.logs.create('b', B)
    await lake.ingest()
    lake.logs.create('a', A)
    await lake.ingest()
    await lake.compact(undefined, cold)
    lake.clock.now += 26 * HOUR_MS
    lake.logs.create('late', OTHER)
    await lake.ingest()
    await lake.compact(undefined, cold)
    await lake.comesToRest([A, B, OTHER].flatMap(asWritten))
  }),

  story(
    'a clock set back by days: what is older than the forgotten is named and left alone, until it is touched',
    async (lake) => {
      const rows = await ingested(lake)
      await lake.compact()
      lake.clock.now += 26 * HOUR_MS
      lake.logs.create('next', chunk('next', '04T05'))
      await lake.ingest()
      await lake.compact()
      lake.clock.now -= 60 * HOUR_MS
      lake.logs.create('o', OTHER)
      await lake.ingest()
      const [key = ''] = lake.fragments()
      const result = await lake.compact()
      assert.deepEqual([result.errors.map(({ where }) => where), result.deleted], [[key], 0])
      const mark = /touch (\S+);/.exec(result.errors[0]?.message ?? '')?.[1] ?? ''
      lake.clock.now += 60 * HOUR_MS
      Object.assign(lake.store.objects.get(mark) as object, { lastModified: lake.clock.now })
      await lake.comesToRest([...rows, ...asWritten(OTHER), ...asWritten(chunk('next', '04T05'))])
    },
  ),

  story('compaction dies before its commit', async (lake) => {
    const rows = await ingested(lake)
    await dies(lake.compact({ at: COMMIT, dies: 'before' }))
    assert.equal(lake.fragments().length, 5)
    await lake.holds(rows)
    await lake.comesToRest(rows)
  }),

  story('a commit that took, but is reported as failed, is recognised', async (lake) => {
    const rows = await ingested(lake)
    const result = await lake.compact({ at: COMMIT, fails: 'after' })
    assert.deepEqual([result.compacted, result.absorbed, result.conflicts, result.errors], [2, 5, 0, []])
    await lake.comesToRest(rows)
  }),

  story('a commit that failed is told, and nothing is deleted', async (lake) => {
    const rows = await ingested(lake)
    const result = await lake.compact({ at: COMMIT, fails: 'before' })
    assert.deepEqual([result.compacted, result.errors.length], [1, 1])
    await lake.holds(rows)
    await lake.comesToRest(rows)
  }),

  ...[0, 1, 2, 3, 4].map((done) =>
    story(`compaction dies with ${done} of 5 deletions done`, async (lake) => {
      const rows = await ingested(lake)
      await dies(lake.compact({ at: DELETE, nth: done + 1, dies: 'before' }))
      await lake.holds(rows)
      await lake.comesToRest(rows)
    }),
  ),

  story(
    'of two compactors with different inputs one commits, and the other deletes nothing of its own',
    async (lake) => {
      const rows = await ingested(lake)
      const other = () => lake.compact(undefined, Date.parse('2026-03-04T06:00:00Z'))
      const result = await lake.compact({ at: COMMIT, meanwhile: other })
      assert.deepEqual([result.compacted, result.conflicts, result.errors], [1, 1, []])
      await lake.holds(rows)
      await lake.comesToRest(rows)
    },
  ),

  story('a compactor that was overtaken by another with more input loses nothing of that', async (lake) => {
    const rows = await ingested(lake)
    await lake.compact(undefined, Date.parse('2026-03-04T06:00:00Z'))
    const other = async () => {
      lake.logs.create('late', OTHER)
      await lake.ingest()
      await lake.compact()
    }
    assert.equal((await lake.compact({ at: COMMIT, meanwhile: other })).conflicts, 1)
    await lake.comesToRest([...rows, ...asWritten(OTHER)])
  }),

  story('late data joins a partition that was compacted before', async (lake) => {
    const rows = await ingested(lake)
    await lake.compact()
    lake.logs.create('late', OTHER)
    await lake.comesToRest([...rows, ...asWritten(OTHER)])
  }),

  story('the same bytes delivered again under another etag count once', async (lake) => {
    const rows = await ingested(lake)
    lake.logs.redeliver('a')
    assert.deepEqual(await lake.ingest().then(({ sources, errors }) => [sources, errors]), [0, []])
    await lake.compact()
    lake.logs.redeliver('a')
    await lake.comesToRest(rows)
  }),

  story('other bytes under the same key are refused, and what is in stays in', async (lake) => {
    const rows = await ingested(lake)
    lake.logs.replace('a', OTHER)
    assert.deepEqual(
      (await lake.ingest()).errors.map(({ where }) => where),
      ['a'],
    )
    await lake.compact()
    await lake.holds(rows)
    assert.deepEqual(
      (await lake.ingest()).errors.map(({ where }) => where),
      ['a'],
    )
  }),

  story('two workers with different transforms ingest one source: one of them counts', async (lake) => {
    lake.logs.create('a', A)
    const other = () => lake.ingest({ edited: true })
    const result = await lake.ingest({}, { at: MARK, meanwhile: other })
    assert.deepEqual([result.sources, result.errors], [0, []])
    assert.deepEqual(await lake.glob(), [...asEdited(A)].sort(), 'who lost took its fragments away')
    await lake.comesToRest(asEdited(A))
  }),

  story('two workers that do the same do it once', async (lake) => {
    lake.logs.create('a', A)
    const result = await lake.ingest({}, { at: MARK, meanwhile: () => lake.ingest() })
    assert.deepEqual([result.sources, result.errors], [0, []])
    await lake.comesToRest(asWritten(A))
  }),

  story('a log that grew while two workers read it is in whole, and no error', async (lake) => {
    lake.logs.create('a', A)
    const other = async () => {
      lake.logs.grow('a', B)
      await lake.ingest()
    }
    const result = await lake.ingest({}, { at: MARK, meanwhile: other })
    assert.deepEqual([result.sources, result.errors], [0, []])
    await lake.comesToRest([...asWritten(A), ...asWritten(B)])
  }),

  story('a reader that a commit overtakes looks again', async (_, another) => {
    for (let nth = 1; nth < 20; nth++) {
      const lake = another()
      const rows = await ingested(lake)
      assert.deepEqual(await lake.read({ at: /^get /, nth, meanwhile: () => lake.compact() }), rows.sort())
    }
  }),

  story('a reader that a mark overtakes sees all of the source or nothing', async (_, another) => {
    for (let nth = 1; nth < 12; nth++) {
      const lake = another()
      lake.logs.create('a', A)
      await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
      const seen = await lake.read({ at: /^get /, nth, meanwhile: () => lake.ingest() })
      assert.ok(seen.length === 0 || seen.length === A.entries.length, `saw ${seen}`)
    }
  }),

  story(
    'a reader takes a source whose one partition is compacted already whole, when the other was no part of it yet',
    async (_, another) => {
      for (let nth = 1; nth < 12; nth++) {
        const lake = another()
        lake.logs.create('a', A)
        await dies(lake.ingest({}, { at: MARK, dies: 'before' }))
        const meanwhile = async () => {
          await lake.ingest()
          await lake.compact(undefined, Date.parse('2026-03-05T00:00:00Z'))
        }
        const seen = await lake.read({ at: /^get /, nth, meanwhile })
        assert.ok(seen.length === 0 || seen.length === A.entries.length, `saw ${seen}`)
      }
    },
  ),

  story('two lines alike are two rows, whatever the bounds', async (lake) => {
    const { text, entries } = chunk('twice', '04T05')
    lake.logs.create('a', { id: 'twice', text: text + text, entries: [...entries, ...entries] })
    await lake.ingest({ maxEntriesPerFile: 1 })
    await lake.comesToRest(asWritten({ id: 'twice', text, entries: [...entries, ...entries] }))
  }),

  story('a replay that dies before its commit can be run again', async (lake) => {
    const rows = await ingested(lake)
    await lake.compact()
    await dies(lake.rebuild({ at: COMMIT, dies: 'before' }))
    await lake.holds(rows)
    assert.deepEqual((await lake.rebuild()).errors, [])
    await lake.comesToRest([A, B].flatMap(asEdited))
  }),

  story('a replay loses nothing that comes in while it begins', async (lake) => {
    await ingested(lake)
    await lake.compact()
    const meanwhile = async () => {
      lake.logs.create('late', OTHER)
      await lake.ingest()
      await lake.compact()
    }
    await lake.rebuild({ at: new RegExp(`^list ${PREFIX}/$`), meanwhile })
    await lake.rebuild()
    await lake.comesToRest([A, B, OTHER].flatMap(asEdited))
  }),

  story('a lake of another granularity is refused by every job and by the reader', async (lake) => {
    const rows = await ingested(lake)
    await dies(lake.compact({ at: DELETE, dies: 'before' })) // fragments beside the file that holds them already
    lake.configure('hour')
    for (const job of [lake.ingest, lake.compact, lake.rebuild, lake.read])
      await assert.rejects(job(), /partitioned by day/)
    lake.configure('day')
    await lake.comesToRest(rows)
  }),

  story('an engine that loses a row is stopped before the commit', async (lake) => {
    const rows = await ingested(lake)
    const lossy: ParquetMerger = {
      readMetadata: fakeEngine.merger.readMetadata,
      merge: (inputs, columns, metadata) => fakeEngine.merger.merge(inputs.slice(1), columns, metadata),
    }
    const result = await lake.compact(undefined, undefined, lossy)
    assert.deepEqual([result.compacted, result.errors.length], [0, 2])
    await lake.comesToRest(rows)
  }),

  ...fileStories,
]
