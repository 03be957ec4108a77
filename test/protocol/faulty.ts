import { readAll } from '../../templates/src/lake/state.ts'
import type { Bytes, CompactorStorage, LogSource, ObjectInfo, SourceInfo } from '../../templates/src/types.ts'
import type { Random } from './random.ts'

/** What may happen to a call. The last four end the process that made it, before, in or after the store. */
export type Fault =
  | 'fails before'
  | 'fails after'
  | 'times out'
  | 'cut short'
  | 'dies before'
  | 'dies after'
  | 'dies in flight'

/** A process: everything it does to the outside goes through the scheduler, and it may end at any of its calls. */
export interface Actor {
  name: string
  /** A dead process hears of nothing any more, and nothing it still wants to do happens. */
  alive: boolean
  /** How often it is chosen beside the others; near 0 it sleeps through everything that they do. */
  speed: number
  /** Probability that a call of it goes wrong. */
  faultRate: number
}

interface Call {
  actor: Actor
  what: string
  writes: boolean
  perform: () => Promise<unknown>
  resolve: (value: never) => void
  reject: (error: Error) => void
}

export class InjectedFault extends Error {}

export type Scheduler = ReturnType<typeof createScheduler>

/**
 * Holds every call until it is chosen, so one seed decides the whole interleaving: who goes next, what goes wrong, and
 * when a write lands whose sender has given up on it or is dead.
 */
export function createScheduler(random: Random, trace: (text: string) => void = () => {}) {
  let waiting: Call[] = []
  const inFlight: Call[] = []
  const stats = { calls: 0, faults: {} as Partial<Record<Fault, number>>, landedLate: 0 }
  const count = (fault: Fault) => {
    stats.faults[fault] = (stats.faults[fault] ?? 0) + 1
  }

  /** Settles once it was chosen and performed; never for a dead actor. */
  function gate<T>(actor: Actor, what: string, writes: boolean, perform: () => Promise<T>): Promise<T> {
    // Some fall asleep just before they write, and what they then do is about a world long gone.
    if (writes && random.chance(actor.faultRate)) actor.speed = 0.005
    return new Promise<T>((resolve, reject) => {
      if (actor.alive) waiting.push({ actor, what, writes, perform, resolve, reject })
    })
  }

  function choose(): Call {
    const total = waiting.reduce((sum, { actor }) => sum + actor.speed, 0)
    let left = random.next() * total
    const found = waiting.findIndex(({ actor }) => {
      left -= actor.speed
      return left < 0
    })
    return waiting.splice(found < 0 ? waiting.length - 1 : found, 1)[0] as Call
  }

  function chooseFault({ actor, writes }: Call): Fault | null {
    // Most calls read, and a read that fails only ends a run: what may go wrong goes wrong with writes.
    if (!random.chance(writes ? actor.faultRate * 3 : actor.faultRate / 2)) return null
    const fault = random.pick(
      writes
        ? (['fails before', 'fails after', 'times out', 'dies before', 'dies after', 'dies in flight'] as const)
        : (['fails before', 'fails before', 'dies before'] as const),
    )
    count(fault)
    return fault
  }

  /** Ends a process. A write that it was about to make may be under way already, and land when nobody remembers it. */
  function kill(actor: Actor): void {
    actor.alive = false
    for (const call of waiting) if (call.actor === actor && call.writes && random.chance(0.5)) inFlight.push(call)
    waiting = waiting.filter((call) => call.actor !== actor)
  }

  return {
    stats,
    gate,
    kill,
    count,
    trace,
    isIdle: () => waiting.length === 0,
    hasInFlight: () => inFlight.length > 0,

    /** Performs one waiting call and lets its sender run up to its next one. */
    async step(): Promise<void> {
      const call = choose()
      const { actor, what, perform } = call
      const fault = chooseFault(call)
      stats.calls++
      trace(`${actor.name}: ${what}${fault ? ` (${fault})` : ''}`)
      if (fault?.startsWith('dies')) kill(actor)
      if (fault === 'times out' || fault === 'dies in flight') inFlight.push(call)
      const happens = fault === null || fault === 'fails after' || fault === 'dies after'
      let outcome: () => void = () => call.reject(new InjectedFault(`${what}: injected, ${fault}`))
      if (happens) {
        try {
          const value = await perform()
          if (!fault) outcome = () => call.resolve(value as never)
        } catch (error) {
          outcome = () => call.reject(error as Error)
        }
      }
      if (actor.alive) outcome()
      await untilBlocked()
    },

    /** One of the writes on their way arrives after all, or never. */
    async land(lost = random.chance(0.3)): Promise<void> {
      const [call] = inFlight.splice(random.int(inFlight.length), 1) as [Call]
      trace(`${call.actor.name}: ${call.what} ${lost ? 'is lost' : 'lands late'}`)
      if (lost) return
      stats.landedLate++
      await call.perform().catch(() => {}) // nobody waits for it any more
    },
  }
}

/**
 * All code under test waits for nothing but gates, so once no promise is left to go on, everyone has arrived at the next
 * one. A tick comes after all of these, and without the price of a turn of the event loop.
 */
export const untilBlocked = () => new Promise<void>((resolve) => process.nextTick(resolve))

async function* served(bytes: Uint8Array, cut: boolean): Bytes {
  if (cut) {
    if (bytes.length > 1) yield bytes.subarray(0, bytes.length >> 1)
    throw new InjectedFault('the connection broke in the middle of the body')
  }
  if (bytes.length) yield bytes
}

/** A store as one process sees it: every page, read and write is a call that the scheduler may spoil. */
export function faultyStorage(
  inner: CompactorStorage,
  actor: Actor,
  { gate, count }: Scheduler,
  random: Random,
): CompactorStorage {
  const isCut = () => {
    const cut = random.chance(actor.faultRate / 2)
    if (cut) count('cut short')
    return cut
  }
  return {
    async *list(prefix, startAfter = '') {
      const pageSize = actor.faultRate > 0 ? random.pick([1, 2, 5, 1000]) : 1000
      for (let after = startAfter; ; ) {
        const page = await gate(actor, `list ${prefix} after ${after}`, false, async () => {
          const found: ObjectInfo[] = []
          for await (const info of inner.list(prefix, after)) if (found.push(info) === pageSize) break
          return found
        })
        yield* page
        if (page.length < pageSize) return
        after = page.at(-1)?.key ?? ''
      }
    },
    head: (key) => gate(actor, `head ${key}`, false, () => inner.head(key)),
    async get(key, options) {
      const found = await gate(actor, `get ${key}`, false, async () => {
        const response = await inner.get(key, options)
        return response && { info: response.info, bytes: await readAll(response.body) }
      })
      return found && { info: found.info, body: served(found.bytes, isCut()) }
    },
    async put(key, body, condition) {
      const bytes = body instanceof Uint8Array ? body : await readAll(body)
      const how = condition === 'absent' ? 'if absent' : 'if unchanged'
      return gate(actor, `put ${key} ${how}`, true, () => inner.put(key, bytes, condition))
    },
    async delete(keys) {
      for (const key of keys) await gate(actor, `delete ${key}`, true, () => inner.delete([key]))
    },
  }
}

/** Raw logs as one process sees them. The bytes of a range are those of the moment it was opened. */
export function faultyLogs(inner: LogSource, actor: Actor, { gate, count }: Scheduler, random: Random): LogSource {
  return {
    name: inner.name,
    recheckMs: inner.recheckMs,
    async *list() {
      yield* await gate(actor, 'list logs', false, async () => {
        const found: SourceInfo[] = []
        for await (const info of inner.list()) found.push(info)
        return found
      })
    },
    async next(info, newest) {
      const opened = await gate(actor, `open log ${info.key}`, false, async () => {
        const range = await inner.next(info, newest)
        return typeof range === 'string' ? range : { range, bytes: await readAll(range.body) }
      })
      if (typeof opened === 'string') return opened
      const cut = random.chance(actor.faultRate)
      if (cut) count('cut short')
      return { ...opened.range, body: served(opened.bytes, cut) }
    },
    reopen: (info, mark) => gate(actor, `open log ${info.key} again`, false, () => inner.reopen(info, mark)),
    exists: (key) => gate(actor, `log ${key} exists?`, false, () => inner.exists(key)),
    remove: (info) => gate(actor, `remove log ${info.key}`, true, () => inner.remove(info)),
  }
}
