import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { createRetention } from '../../templates/maintenance/retention.ts'
import { createCompactor } from '../../templates/src/compactor/index.ts'
import { createReplay } from '../../templates/src/compactor/replay.ts'
import type { Granularity } from '../../templates/src/lake/layout.ts'
import { openSnapshot } from '../../templates/src/lake/reader.ts'
import { readAll } from '../../templates/src/lake/state.ts'
import { parseLine } from '../../templates/src/processor/formats/standard.ts'
import { createProcessor } from '../../templates/src/processor/index.ts'
import { columns } from '../../templates/src/schema.ts'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { localLogs } from '../../templates/src/storage/logs.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import type { AnalyticsEntry, CompactorStorage, Pins, PipelineError } from '../../templates/src/types.ts'
import { createWatch, type Expect, type Watch, type Writer } from './check.ts'
import { type Engine, fakeEngine, rowText } from './engines.ts'
import { type Actor, createScheduler, type Fault, faultyLogs, faultyStorage, untilBlocked } from './faulty.ts'
import { type Chunk, createLogs, type LogRules, randomChunk } from './logs.ts'
import { createRandom } from './random.ts'
import { versionedStore } from './store.ts'

/** The code under test. Mutations hand over a version of it with a rule taken out. */
export interface Code {
  createProcessor: typeof createProcessor
  createCompactor: typeof createCompactor
  createReplay: typeof createReplay
  createRetention: typeof createRetention
  openSnapshot: typeof openSnapshot
  localLogs: typeof localLogs
  localStorageAdapter: typeof localStorageAdapter
}

/** What is tested: the code, on a store and logs that keep their rules or, in a mutation, do not. */
export interface Subject {
  code: Code
  breakStorage?: (storage: CompactorStorage) => CompactorStorage
  logRules?: LogRules
}

export interface CampaignOptions extends Partial<Subject> {
  engine?: Engine
  /** A store of its own for every history, with the machine's clock; without it one in memory, with a clock that leaps. */
  openStore?: () => CompactorStorage
  trace?: (text: string) => void
}

/** One interleaving, told whole by its seed. */
export interface History {
  seed: number
  calls: number
  faults: Partial<Record<Fault, number>>
  landedLate: number
  /** Runs of processors, compactors and readers. */
  runs: number
  /** Snapshots that a reader completed and that were checked. */
  snapshots: number
  rows: number
  violations: string[]
}

const PREFIX = 'analytics'
const HOUR_MS = 3600_000
const RETENTIONS = ['2026-03-04T06:00', '2026-03-05T00:00', '2026-03-06T00:00', '2026-04-01T13:30', '2026-05-01T00:00']
const START = Date.UTC(2026, 4, 1)
const CUTOFFS = ['2026-03-04T06:00', '2026-03-04T09:30', '2026-03-05T00:30', '2026-04-01T14:00']
export const real: Code = {
  createProcessor,
  createCompactor,
  createReplay,
  createRetention,
  openSnapshot,
  localLogs,
  localStorageAdapter,
}

/** Configurations as people edit them over time: what they make of an entry, and how much they buffer. */
const edits = [
  { transform: undefined, maxEntriesPerFile: 100 },
  { transform: undefined, maxEntriesPerFile: 1 },
  { transform: (entry: AnalyticsEntry) => ({ ...entry, gatewayName: 'edited' }), maxEntriesPerFile: 2 },
  { transform: (entry: AnalyticsEntry) => (entry.traceId?.endsWith('.1') ? null : entry), maxEntriesPerFile: 100 },
]

const expectations: Expect[] = edits.map((_, edit) => ({ entries }: Chunk) => {
  const kept = entries.filter(({ id }) => edit !== 3 || !id.endsWith('.1'))
  return kept.map(({ id, timestamp }) => rowText(id, edit === 2 ? 'edited' : 'shop', Date.parse(timestamp)))
})

/** Runs the real code through one random interleaving with faults, then without, and checks every step of it. */
export async function runHistory(seed: number, options: CampaignOptions = {}): Promise<History> {
  const world = createWorld(seed, options)
  const restoreIds = seedIds(seed)
  try {
    await world.trouble()
    await world.recovery()
    await world.age()
  } finally {
    restoreIds()
  }
  return world.result()
}

/** Ids of runs order keys in a listing, so they too must be the seed's for a replay to be one. */
function seedIds(seed: number): () => void {
  const { randomUUID } = crypto
  const random = createRandom(seed + 1)
  const hex = (digits: number) => Array.from({ length: digits }, () => random.int(16).toString(16)).join('')
  const set = (next: typeof randomUUID) => {
    crypto.randomUUID = next
    syncBuiltinESMExports()
  }
  set(() => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`)
  return () => set(randomUUID)
}

function createWorld(seed: number, { code = real, engine = fakeEngine, ...options }: CampaignOptions) {
  const random = createRandom(seed)
  const trace = options.trace ?? (() => {})
  const scheduler = createScheduler(random, trace)
  const logs = createLogs(options.logRules)
  const granularity: Granularity = random.pick(['hour', 'day', 'month'])
  const watch: Watch = createWatch(engine, logs, PREFIX, granularity)
  const startsAt = options.openStore ? Date.now() : START
  const clock = { now: startsAt, mayJumpBack: 20 * HOUR_MS }
  const inMemory = random.chance(0.2) ? memoryStorage : versionedStore
  const store = options.openStore?.() ?? inMemory(() => (clock.now += 7))
  const replays = random.chance(0.4)
  const deletesSources = random.chance(0.4)
  // Choices of their own, so that histories without retention stay what they were.
  const retention = createRandom(seed + 2)
  const retains = retention.chance(0.25)
  /** Some histories go on for months after they came to rest. */
  const isLong = random.chance(0.35)
  const faultRate = random.pick([0, 0.01, 0.03, 0.1])
  const actors: { actor: Actor; done: boolean; isReader: boolean }[] = []
  const counts = { runs: 0, snapshots: 0, rows: 0 }
  let chunks = 0
  let files = 0

  const storageOf = (actor: Actor, writer: Writer) => {
    const watched = watch.watched(store, writer)
    return faultyStorage(options.breakStorage?.(watched) ?? watched, actor, scheduler, random)
  }

  /** Starts a process; its calls then wait to be chosen. Resolves when it is through, never when it died. */
  function start<T>(
    kind: string,
    isFaulty: boolean,
    run: (actor: Actor, skew: () => number) => Promise<T>,
  ): Promise<T> {
    const name = `${kind}-${++counts.runs}`
    const speed = isFaulty ? random.pick([1, 1, 1, 0.3, 0.02]) : 1
    const actor = { name, alive: true, speed, faultRate: isFaulty ? faultRate : 0 }
    const entry = { actor, done: false, isReader: kind === 'reader' }
    actors.push(entry)
    // A worker's clock is its own: off by hours, and it may jump back in the middle of a run.
    const skew = isFaulty ? random.pick([0, 0, -30 * HOUR_MS, 5 * HOUR_MS]) : 0
    const now = () => clock.now + (isFaulty && random.chance(0.05) ? skew - 3 * HOUR_MS : skew)
    return run(actor, now).finally(() => {
      entry.done = true
    })
  }

  const logsOf = (actor: Actor) => faultyLogs(logs.source, actor, scheduler, random)

  function ingest(isFaulty: boolean) {
    const edit = random.int(edits.length)
    const deleteSources = deletesSources && random.chance(0.7)
    const isSpent = isFaulty && random.chance(0.2) ? ({ sources }: { sources: number }) => sources > 0 : () => false
    return start(`processor(${edit}${deleteSources ? ' deletes' : ''})`, isFaulty, (actor, now) =>
      code
        .createProcessor({
          ...(edits[edit] as (typeof edits)[number]),
          source: logsOf(actor),
          storage: storageOf(actor, expectations[edit] as Expect),
          writer: engine.writer,
          parseLine,
          columns,
          prefix: PREFIX,
          granularity,
          deleteSources,
          isSpent,
          now,
        })
        .run(),
    )
  }

  function compact(isFaulty: boolean, isPartial = random.chance(0.6)) {
    const before = isPartial ? Date.parse(`${random.pick(CUTOFFS)}:00Z`) : Date.UTC(2027, 0)
    return start('compactor', isFaulty, (actor, now) => {
      const source = logsOf(actor)
      const place = { storage: storageOf(actor, null), merger: engine.merger, columns, prefix: PREFIX, granularity }
      const sourceExists = async (name: string, key: string) => name !== source.name || source.exists(key)
      const isLimited = isFaulty && random.chance(0.2)
      const limits = isLimited
        ? {
            isSpent: ({ compacted }: { compacted: number }) => compacted > 0,
            maxFragments: 1 + random.int(3),
          }
        : {}
      return code.createCompactor({ ...place, sourceExists, ...limits, now }).run({ before })
    })
  }

  /** Every partition anew, as another configuration reads the logs. */
  function replayAll(isFaulty: boolean) {
    const edit = random.int(edits.length)
    return start(`replay(${edit})`, isFaulty, (actor, now) =>
      code
        .createReplay({
          ...(edits[edit] as (typeof edits)[number]),
          source: logsOf(actor),
          storage: storageOf(actor, expectations[edit] as Expect),
          writer: engine.writer,
          merger: engine.merger,
          parseLine,
          columns,
          prefix: PREFIX,
          granularity,
          now,
        })
        .run({ from: 0, to: Number.MAX_SAFE_INTEGER }),
    )
  }

  /** Removes what is older than one of some times, some of them in the middle of a partition. */
  function retain(isFaulty: boolean) {
    const before = Date.parse(`${retention.pick(RETENTIONS)}:00Z`)
    return start('retention', isFaulty, (actor) => {
      const storage = storageOf(actor, { removesBefore: before })
      return code
        .createRetention({ storage, merger: engine.merger, columns, prefix: PREFIX, granularity })
        .run({ before, isDry: retention.chance(0.1) })
    })
  }

  /** Its faults are broken reads only: what it then returns may lack rows, but says so. */
  function read(isFaulty: boolean) {
    return start('reader', isFaulty, async (actor) => {
      const before = new Set(watch.marks.keys())
      const storage = storageOf(actor, null)
      const pinned = new Map<string, Uint8Array>()
      const openPins = (): Pins => ({
        async take(key) {
          const found = await storage.get(key)
          if (!found) return null
          const bytes = await readAll(found.body)
          const path = `${key} ${pinned.size}`
          pinned.set(path, bytes)
          const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length)
          return { key, path, input: { name: key, size: bytes.length, read } }
        },
        release: async () => {},
      })
      const place = { storage, prefix: PREFIX, granularity, readMetadata: engine.merger.readMetadata, openPins }
      const { files: found, broken } = await code.openSnapshot(place)
      if (broken.length) return
      const rows: string[] = []
      for (const { path } of found) rows.push(...(await engine.read(pinned.get(path) as Uint8Array)).rows)
      watch.checkSnapshot(actor.name, rows, before)
      counts.snapshots++
    })
  }

  const newChunk = () => randomChunk(random, `c${++chunks}`)

  /** Something happens outside: to the logs or to the clock. */
  function happen(): void {
    const key = random.pick([...logs.current.keys(), 'a/none.ndjson'])
    const known = `a/${random.int(files + 1)}.ndjson`
    const what = random.pick(['create', 'create', 'grow', 'redeliver', 'replace', 'vanish', 'wait', 'wait', 'jump'])
    if (what === 'create' && files < 4) logs.create(`a/${files++}.ndjson`, newChunk())
    else if (what === 'grow' && logs.current.has(key)) logs.grow(key, newChunk())
    else if (what === 'redeliver' && logs.everKnown(known)) logs.redeliver(known)
    else if (what === 'replace' && logs.everKnown(known) && random.chance(deletesSources ? 0.9 : 0.5))
      logs.replace(known, newChunk())
    else if (what === 'vanish' && logs.current.has(key) && random.chance(0.5)) logs.vanish(key)
    else if (what === 'wait') {
      // No reader is a day slower than the store: its listing would be older than what may be forgotten.
      const isReading = actors.some(({ actor, done, isReader }) => isReader && actor.alive && !done)
      clock.now += isReading ? HOUR_MS : random.pick([1, 7, 26, 60]) * HOUR_MS
    } else if (what === 'jump') {
      const back = random.int(clock.mayJumpBack)
      clock.mayJumpBack -= back
      clock.now -= back
    } else return
    trace(`-- ${what} ${what === 'wait' || what === 'jump' ? new Date(clock.now).toISOString() : `${key} or ${known}`}`)
  }

  const running = () => actors.filter(({ actor, done }) => actor.alive && !done).length
  const isBroken = () => watch.violations.length > 0

  /** Everything at once, and everything goes wrong. */
  async function trouble(): Promise<void> {
    logs.create(`a/${files++}.ndjson`, newChunk())
    const steps = 40 + random.int(260)
    for (let step = 0; step < steps && !isBroken(); step++) {
      if (running() < 5 && random.chance(0.12)) {
        const jobs = [() => ingest(true), () => compact(true), () => read(true)]
        const usual = replays && random.chance(0.25) ? () => replayAll(true) : random.pick<() => Promise<unknown>>(jobs)
        const job = retains && retention.chance(0.2) ? () => retain(true) : usual
        job().catch(ignoreFault)
        await untilBlocked()
      }
      if (random.chance(0.06)) happen()
      if (scheduler.hasInFlight() && random.chance(0.05)) await scheduler.land()
      if (!scheduler.isIdle()) await scheduler.step()
    }
    // Who still runs comes to an end, or to none.
    for (const { actor } of actors) if (random.chance(0.3)) scheduler.kill(actor)
    while (!scheduler.isIdle() && !isBroken()) await scheduler.step()
  }

  async function alone<T>(run: () => Promise<T>): Promise<T | undefined> {
    let outcome: { value: T } | { error: unknown } | undefined
    run().then(
      (value) => (outcome = { value }),
      (error) => (outcome = { error }),
    )
    for (await untilBlocked(); !outcome && !scheduler.isIdle() && !isBroken(); ) await scheduler.step()
    if (outcome && 'error' in outcome) watch.violated(`without any fault: ${(outcome.error as Error).message}`)
    return outcome && 'value' in outcome ? outcome.value : undefined
  }

  /** Months of quiet work, in which names leave the lineage; then what was still on its way lands after all. */
  async function age(): Promise<void> {
    if (isBroken() || !isLong) return
    trace('-- months go by')
    for (let round = 3 + random.int(4); round > 0 && !isBroken(); round--) {
      if (random.chance(0.8)) logs.create(`a/${files++}.ndjson`, newChunk())
      await alone(() => ingest(false))
      await alone(() => compact(false, random.chance(0.8)))
      if (replays && random.chance(0.2)) await alone(() => replayAll(false))
      if (retains && retention.chance(0.3)) await alone(() => retain(false))
      clock.now += random.pick([1, 26, 26, 26, 60]) * HOUR_MS
    }
    while (scheduler.hasInFlight() && random.chance(0.8)) await scheduler.land(false)
    await recovery()
  }

  /** Normal runs, and what the messages ask of people; then the lake must be the input, row for row. */
  async function recovery(): Promise<void> {
    trace('-- recovery')
    clock.now = Math.max(clock.now, startsAt)
    checkErrors(await untilQuiet(1))
    for (const key of checkRefused()) logs.vanish(key)
    checkErrors(await untilQuiet(2)) // a day passes with every run: in the first, what is given up was still too young
    if (isBroken()) return
    counts.rows = await watch.checkAtRest()
    await alone(() => read(false))
  }

  /** Normal runs until nothing changes any more, with what was still on its way landing in between; the last errors. */
  async function untilQuiet(times: number): Promise<PipelineError[]> {
    let errors: PipelineError[] = []
    for (let quiet = 0, round = 0; quiet < times && !isBroken(); round++) {
      if (round === 12) watch.violated(`after ${round} runs without a fault it still does not come to rest`)
      if (!isLong && scheduler.hasInFlight() && random.chance(0.5)) await scheduler.land()
      const before = watch.writes()
      const ingested = await alone(() => ingest(false))
      const compacted = await alone(() => compact(false, false))
      errors = [...(ingested?.errors ?? []), ...(compacted?.errors ?? [])]
      clock.now += 25 * HOUR_MS
      quiet = watch.writes() === before ? quiet + 1 : 0
    }
    return errors
  }

  /** Refused is only what somebody overwrote or took away; everything else is in. */
  function checkErrors(errors: readonly PipelineError[]): void {
    for (const { where, message } of errors)
      if (!logs.tampered.has(where)) watch.violated(`an error stays without any fault: ${where}: ${message}`)
  }

  /** Logs that are not in: people give them another name. */
  function checkRefused(): string[] {
    const refused: string[] = []
    for (const [key, version] of logs.current) {
      const newest = watch.marksOf(key).at(-1)?.mark
      const isIn = newest && !newest.abandoned && logs.beginsWith(version, newest)
      const isWhole = isIn && newest.offset + newest.size === version.bytes.length
      if (isWhole) continue
      if (!logs.tampered.has(key)) watch.violated(`${key} is not in, though nobody touched it`)
      if (!newest || isIn) watch.violated(`${key} is neither in nor refused`)
      refused.push(key)
    }
    return refused
  }

  const ignoreFault = (error: Error) => trace(`   ended by: ${error.message}`)

  return {
    trouble,
    recovery,
    age,
    result: (): History => ({
      seed,
      calls: scheduler.stats.calls,
      faults: scheduler.stats.faults,
      landedLate: scheduler.stats.landedLate,
      ...counts,
      violations: watch.violations,
    }),
  }
}

export interface Summary extends Omit<History, 'seed' | 'violations'> {
  interleavings: number
  /** Histories that broke a promise. */
  failed: History[]
}

/** Runs histories from `seed` on until there were `count` of them, the time is up or `isEnough` says so. */
export async function runCampaign(
  { seed = 1, count = Infinity, until = Infinity, onProgress = (_: Summary) => {}, maxFailures = 1 },
  options: CampaignOptions = {},
): Promise<Summary> {
  const sum: Summary = {
    interleavings: 0,
    calls: 0,
    faults: {},
    landedLate: 0,
    runs: 0,
    snapshots: 0,
    rows: 0,
    failed: [],
  }
  while (sum.interleavings < count && Date.now() < until && sum.failed.length < maxFailures) {
    const history = await runHistory(seed + sum.interleavings, options)
    sum.interleavings++
    await new Promise((resolve) => setImmediate(resolve)) // lets the process hear of signals and timers
    for (const key of ['calls', 'landedLate', 'runs', 'snapshots', 'rows'] as const) sum[key] += history[key]
    for (const [fault, times] of Object.entries(history.faults) as [Fault, number][])
      sum.faults[fault] = (sum.faults[fault] ?? 0) + times
    if (history.violations.length) sum.failed.push(history)
    onProgress(sum)
  }
  return sum
}

/** What to do with a failure: the line that shows it again, call by call. */
export const replay = ({ seed, violations }: History, flags = '') =>
  [
    `seed ${seed} broke a promise:`,
    ...violations.map((text) => `  ${text}`),
    `replay: npm run campaign -- ${flags}--seed ${seed} --count 1 --verbose`,
  ].join('\n')

export function describeSummary(sum: Summary): string {
  const n = (value: number) => value.toLocaleString('en')
  const faults = Object.entries(sum.faults).map(([fault, times]) => `${fault} ${n(times)}`)
  return [
    `${n(sum.interleavings)} interleavings, ${n(sum.runs)} runs, ${n(sum.calls)} calls, ${n(sum.snapshots)} snapshots`,
    `${n(sum.rows)} rows, ${n(sum.landedLate)} writes landed late`,
    `faults: ${faults.join(', ') || 'none'}`,
    `${sum.failed.length} violations`,
  ].join('; ')
}
