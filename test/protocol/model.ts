import { createRandom, type Random } from './random.ts'

/**
 * The protocol as it is built, without its code: sources, fragments, marks and compacted files as plain values,
 * processors, compactors and readers as generators that stop before each of their calls, so that anything may happen in
 * between. Every rule can be taken out by its name.
 */
export const rules = [
  'conditional commit',
  'lineage',
  'delete only after commit',
  'only mark-listed candidates',
  'sweep',
  'clean-up of what was absorbed',
  'mark last',
  'mark put-if-absent',
  'fragments named after their content',
  'the loser deletes only what the winner does not list',
  'refusal of other content',
  'conditional source deletion',
  'clean-up by re-read footer',
  'runId check',
  'forgotten',
  'a day before a name leaves',
  'forgotten stops at what is left out',
  'give up what vanished',
  'give up only what vanished',
  "the reader's mark filter",
  "the reader's second look",
  "the reader's look at sources that count elsewhere",
] as const
export type Rule = (typeof rules)[number]

interface Log {
  content: string
  etag: number
}

interface Mark {
  content: string | null
  fragments: string[]
  rows: string[]
  modified: number
}

interface Compacted {
  version: number
  runId: number
  rows: string[]
  names: Map<string, number>
  forgotten: number
}

/** A name says the source, what is in it and the hour: `key content config hour`. */
interface Fragment {
  key: string
  hour: number
  rows: string[]
  modified: number
}

const DAY = 24
const HOURS = 3
const PARTITIONS = [0, 1]
const partitionOf = (hour: number) => (hour < 2 ? 0 : 1)

/** What the scheduler decides of a write: whether it happens, now, late or never, and whether its sender hears of it. */
type Outcome = 'done' | 'fails before' | 'fails after' | 'lands late'
type Steps<T = void> = Generator<'read' | 'write', T, Outcome>

class Failed extends Error {}

export interface ModelRun {
  violation: string | null
  steps: number
}

/** One random history under all rules but these. */
export function runModel(seed: number, without: readonly Rule[] = []): ModelRun {
  const random = createRandom(seed)
  const has = (rule: Rule) => !without.includes(rule)
  const world = {
    logs: new Map<string, Log>(),
    marks: new Map<string, Mark>(),
    fragments: new Map<string, Fragment>(),
    compacted: new Map<number, Compacted>(),
    clock: 1000,
  }
  const lateWrites: (() => void)[] = []
  const committed = new Set<number>()
  const tampered = new Set<string>()
  const deletesSources = random.chance(0.4)
  let violation: string | null = null
  let steps = 0
  let ids = 0
  const violated = (text: string) => {
    violation ??= text
  }

  const hoursOf = (content: string) => {
    const bits = Number(content.slice(1)) % 7
    return Array.from({ length: HOURS }, (_, hour) => hour).filter((hour) => (bits + 1) & (1 << hour))
  }
  const rowsOf = (content: string, config: number, hours = hoursOf(content)) =>
    hours.map((hour) => `${content}.${hour}.${config}`)

  function* write<T>(apply: () => T): Steps<T> {
    const outcome = yield 'write'
    if (outcome === 'fails before') throw new Failed()
    if (outcome === 'lands late') {
      lateWrites.push(apply)
      throw new Failed()
    }
    const value = apply()
    if (outcome === 'fails after') throw new Failed()
    return value
  }
  function* read<T>(look: () => T): Steps<T> {
    yield 'read'
    return look()
  }

  function* process(config: number): Steps {
    for (const key of yield* read(() => [...world.logs.keys()])) {
      try {
        yield* ingest(key, config)
      } catch (error) {
        if (!(error instanceof Failed)) throw error
      }
    }
  }

  function* ingest(key: string, config: number): Steps {
    const mark = yield* read(() => world.marks.get(key))
    const log = yield* read(() => world.logs.get(key))
    if (!log) return
    if (mark && (mark.content === log.content || has('refusal of other content'))) {
      if (mark.content === log.content && deletesSources) yield* write(() => removeLog(key, log))
      return
    }
    const { content } = log
    const names: string[] = []
    const fragments: [string, Fragment][] = hoursOf(content).map((hour) => {
      const name = has('fragments named after their content') ? `${key} ${content} ${config} ${hour}` : `${key} ${hour}`
      names.push(name)
      return [name, { key, hour, rows: rowsOf(content, config, [hour]), modified: 0 }]
    })
    const putFragments = function* (): Steps {
      for (const [name, fragment] of fragments)
        yield* write(() => {
          if (!world.fragments.has(name)) world.fragments.set(name, { ...fragment, modified: world.clock })
        })
    }
    if (has('mark last')) yield* putFragments()
    const isMarked = yield* write(() => putMark(key, { content, fragments: names, rows: rowsOf(content, config) }))
    if (!has('mark last')) yield* putFragments()
    if (isMarked) return
    const winner = yield* read(() => world.marks.get(key))
    for (const name of names)
      if (!winner?.fragments.includes(name) || !has('the loser deletes only what the winner does not list'))
        yield* write(() => world.fragments.delete(name))
  }

  function putMark(key: string, mark: Omit<Mark, 'modified'>): boolean {
    const there = world.marks.get(key)
    if (there && has('mark put-if-absent') && has('refusal of other content')) return false
    if (there?.content && mark.content !== there.content) violated(`${key}: marked as ${there.content}, then otherwise`)
    world.marks.set(key, { ...mark, modified: world.clock })
    return true
  }

  function removeLog(key: string, seen: Log): void {
    const log = world.logs.get(key)
    if (!log || (has('conditional source deletion') && log.etag !== seen.etag)) return
    if (world.marks.get(key)?.content !== log.content) violated(`${key}: deleted with ${log.content}, which is not in`)
    world.logs.delete(key)
  }

  type Standing = 'live' | 'absorbed' | 'orphan' | 'unmarked' | 'gone'
  function* standingOf(name: string, held: Compacted | undefined, marks: Map<string, Mark | undefined>) {
    if (has('lineage') && held?.names.has(name)) return { state: 'absorbed' as Standing }
    const fragment = yield* read(() => world.fragments.get(name))
    if (!fragment) return { state: 'gone' as Standing }
    const { key } = fragment
    if (!marks.has(key)) marks.set(key, yield* read(() => world.marks.get(key)))
    const mark = marks.get(key)
    if (!mark) return { state: 'unmarked' as Standing, fragment }
    if (!mark.fragments.includes(name)) return { state: 'orphan' as Standing, fragment, mark }
    const isForgotten = held && has('forgotten') && mark.modified <= held.forgotten
    if (isForgotten && fragment.modified <= mark.modified)
      violated(`${name} is as good as new, but counts as forgotten`)
    return { state: (isForgotten ? 'absorbed' : 'live') as Standing, fragment, mark }
  }

  /** Fragments of a partition in two pages, then its compacted file. */
  function* list(partition: number): Steps<{ names: string[]; compacted: Compacted | undefined }> {
    const page = (hour: number) =>
      [...world.fragments].filter(([, fragment]) => fragment.hour === hour).map(([name]) => name)
    const names: string[] = []
    for (let hour = 0; hour < HOURS; hour++)
      if (partitionOf(hour) === partition) names.push(...(yield* read(() => page(hour))))
    const compacted = yield* read(() => world.compacted.get(partition))
    return { names, compacted }
  }

  function* compact(before: number): Steps {
    for (const partition of PARTITIONS) {
      try {
        yield* compactPartition(partition, before)
      } catch (error) {
        if (!(error instanceof Failed)) throw error
      }
    }
  }

  function* compactPartition(partition: number, before: number): Steps {
    const { names, compacted } = yield* list(partition)
    const marks = new Map<string, Mark | undefined>()
    const candidates = new Map<string, { rows: string[]; modified: number }>()
    const absorbed: string[] = []
    const orphans: string[] = []
    let oldestLeftOut = Infinity
    for (const name of names) {
      const { state, fragment, mark } = yield* standingOf(name, compacted, marks)
      if (state === 'absorbed') absorbed.push(name)
      else if (state === 'orphan' && has('only mark-listed candidates')) orphans.push(name)
      else if (state === 'unmarked' && fragment && has('only mark-listed candidates')) yield* giveUp(fragment)
      else if (fragment && fragment.hour < before)
        candidates.set(name, { rows: fragment.rows, modified: mark?.modified ?? 0 })
      else if (mark) oldestLeftOut = Math.min(oldestLeftOut, mark.modified)
    }
    const doomed = [...(has('sweep') ? orphans : []), ...(has('clean-up of what was absorbed') ? absorbed : [])]
    for (const name of doomed) yield* write(() => world.fragments.delete(name))
    if (!candidates.size) return
    const clean = function* (which: Iterable<string>): Steps {
      for (const name of which) yield* write(() => world.fragments.delete(name))
    }
    if (!has('delete only after commit')) yield* clean(candidates.keys())
    const next = extend(compacted, candidates, new Set(absorbed), oldestLeftOut)
    let failed = false
    try {
      yield* write(() => {
        const version = world.compacted.get(partition)?.version
        if (has('conditional commit') && version !== compacted?.version) return
        world.compacted.set(partition, next)
        committed.add(next.runId)
      })
    } catch {
      failed = true
    }
    const standing = has('clean-up by re-read footer') ? yield* read(() => world.compacted.get(partition)) : next
    const isOurs = has('runId check') ? standing?.runId === next.runId : true
    if (failed && !isOurs) throw new Failed()
    if (!isOurs || !standing) return
    if (!committed.has(next.runId)) violated(`run ${next.runId} reports a commit that never was`)
    yield* clean([...candidates.keys()].filter((name) => standing.names.has(name)))
  }

  function extend(
    held: Compacted | undefined,
    candidates: ReadonlyMap<string, { rows: string[]; modified: number }>,
    present: ReadonlySet<string>,
    oldestLeftOut: number,
  ): Compacted {
    const newest = Math.max(...[...candidates.values()].map(({ modified }) => modified))
    const mayGo = Math.min(
      newest - (has('a day before a name leaves') ? DAY : 0),
      has('forgotten stops at what is left out') ? oldestLeftOut : Infinity,
    )
    const names = new Map<string, number>()
    let forgotten = held?.forgotten ?? 0
    for (const [name, modified] of held?.names ?? [])
      if (modified >= mayGo || present.has(name)) names.set(name, modified)
      else forgotten = Math.max(forgotten, modified)
    for (const [name, { modified }] of candidates) names.set(name, modified)
    const rows = [...(held?.rows ?? []), ...[...candidates.values()].flatMap((candidate) => candidate.rows)]
    return { version: ++ids, runId: ids, rows, names, forgotten }
  }

  function* giveUp({ key, modified }: Fragment): Steps {
    if (!has('give up what vanished') || world.clock - modified < DAY) return
    const isThere = yield* read(() => world.logs.has(key))
    if (isThere && has('give up only what vanished')) return
    yield* write(() => {
      if (!world.marks.has(key)) world.marks.set(key, { content: null, fragments: [], rows: [], modified: world.clock })
    })
  }

  function* snapshot(): Steps {
    const marksBefore = new Set(world.marks.keys())
    const taken = new Map<number, { version: number | undefined; rows: string[] }>()
    const known = { fragments: new Set<string>(), sources: new Set<string>() }
    const sourceOf = (name: string) => name.slice(0, name.indexOf(' '))
    for (let look = 0; look < 30; look++) {
      const marks = new Map<string, Mark | undefined>()
      const stale: number[] = []
      const listed = new Map<number, { names: string[]; compacted: Compacted | undefined }>()
      for (const partition of PARTITIONS) {
        const found = yield* list(partition)
        listed.set(partition, found)
        const before = taken.get(partition)
        const isElsewhere = found.names.some((name) => !known.fragments.has(name) && known.sources.has(sourceOf(name)))
        const elsewhere = isElsewhere && has("the reader's look at sources that count elsewhere")
        if (!before || before.version !== found.compacted?.version || elsewhere) stale.push(partition)
      }
      if (!stale.length || (look > 0 && !has("the reader's second look"))) return checkSnapshot(taken, marksBefore)
      for (const partition of stale) {
        const { names, compacted } = listed.get(partition) as { names: string[]; compacted: Compacted | undefined }
        const pinned = compacted && (yield* read(() => world.compacted.get(partition)))
        const rows = [...(pinned?.rows ?? [])]
        for (const name of pinned?.names.keys() ?? []) known.sources.add(sourceOf(name))
        for (const name of names) {
          const pin = yield* read(() => world.fragments.get(name))
          if (!pin) continue
          known.fragments.add(name)
          const { state } = yield* standingOf(name, pinned, marks)
          if (state === 'unmarked') known.fragments.delete(name)
          if (state !== 'live' && (state === 'absorbed' || has("the reader's mark filter"))) continue
          known.sources.add(sourceOf(name))
          rows.push(...pin.rows)
        }
        taken.set(partition, { version: compacted?.version, rows })
      }
    }
  }

  function checkSnapshot(taken: Map<number, { rows: string[] }>, before: ReadonlySet<string>): void {
    const seen = [...taken.values()].flatMap(({ rows }) => rows)
    for (const [key, mark] of world.marks) {
      if (!mark.content) continue
      const own = seen.filter((row) => row.startsWith(`${mark.content}.`))
      if (own.length === 0 ? before.has(key) && mark.rows.length : !same(own, mark.rows))
        violated(`a reader saw [${own}] of ${key}, which has [${mark.rows}]`)
    }
    const contents = new Set([...world.marks.values()].map(({ content }) => content))
    const strange = seen.filter((row) => !contents.has(row.slice(0, row.indexOf('.'))))
    if (strange.length) violated(`a reader saw [${strange}], which no mark lists`)
  }

  // ---- the history

  const newContent = () => `c${++ids}`

  function happen(isReading: boolean): void {
    const key = `log${random.int(4)}`
    const log = world.logs.get(key)
    const what = random.pick(['create', 'create', 'redeliver', 'replace', 'replace', 'vanish', 'wait', 'wait', 'jump'])
    // No reader is a day slower than the store.
    if (what === 'wait') world.clock += isReading ? 1 : random.pick([1, 5, 26, 50])
    else if (what === 'jump') {
      const back = random.int(mayJumpBack)
      mayJumpBack -= back
      world.clock -= back
    } else if (what === 'create' && !everThere.has(key)) deliver(key, newContent())
    else if (what === 'redeliver' && everThere.has(key)) deliver(key, everThere.get(key) as string)
    else if (what === 'replace' && log && random.chance(0.5)) {
      tampered.add(key)
      deliver(key, newContent())
    } else if (what === 'vanish' && log && random.chance(0.5)) {
      tampered.add(key)
      world.logs.delete(key)
    }
  }
  /** A store's clock may be set back, by less than a day in all. */
  let mayJumpBack = 20
  const everThere = new Map<string, string>()
  function deliver(key: string, content: string): void {
    everThere.set(key, content)
    world.logs.set(key, { content, etag: ++ids })
  }

  const faultRate = random.pick([0, 0.02, 0.1])
  const outcome = (random: Random): Outcome =>
    random.chance(faultRate) ? random.pick(['fails before', 'fails after', 'lands late']) : 'done'

  function advance(actor: { steps: Steps; next: 'read' | 'write' | null }, how: Outcome): boolean {
    steps++
    const { done, value } = actor.steps.next(how)
    actor.next = done ? null : value
    return !done
  }

  function land(index = random.int(lateWrites.length)): void {
    lateWrites.splice(index, 1)[0]?.()
  }

  function trouble(): void {
    let actors: { steps: Steps; next: 'read' | 'write' | null; isReader: boolean }[] = []
    deliver('log0', newContent())
    for (let step = 60 + random.int(300); step > 0 && !violation; step--) {
      if (actors.length < 4 && random.chance(0.15)) {
        const kind = random.int(3)
        const steps = kind === 0 ? process(random.int(2)) : kind === 1 ? compact(1 + random.int(HOURS)) : snapshot()
        const actor = { steps, next: null, isReader: kind === 2 }
        if (advance(actor, 'done')) actors.push(actor)
      }
      if (random.chance(0.06)) happen(actors.some(({ isReader }) => isReader))
      if (lateWrites.length && random.chance(0.03)) land()
      if (!actors.length) continue
      const actor = random.pick(actors)
      if (random.chance(faultRate / 4)) {
        if (actor.next === 'write' && random.chance(0.5)) advance(actor, 'lands late')
        actors = actors.filter((other) => other !== actor)
      } else if (!advance(actor, actor.next === 'write' ? outcome(random) : 'done'))
        actors = actors.filter((other) => other !== actor)
    }
  }

  function alone(steps: Steps): void {
    const actor = { steps, next: null }
    while (!violation && advance(actor, 'done'));
  }

  function rest(): void {
    for (let round = 0; round < 4; round++) {
      alone(process(0))
      alone(compact(HOURS))
      world.clock += DAY + 1
    }
    for (const [key, log] of world.logs) {
      const isIn = world.marks.get(key)?.content === log.content
      if (!isIn && !tampered.has(key)) violated(`${key} is not in, though nobody touched it`)
      if (!isIn) world.logs.delete(key) // refused: people move it away
    }
    for (let round = 0; round < 3; round++) {
      alone(process(0))
      alone(compact(HOURS))
      world.clock += DAY + 1
    }
    if (violation) return
    const glob = [...world.compacted.values(), ...world.fragments.values()].flatMap(({ rows }) => rows)
    const expected = [...world.marks.values()].flatMap(({ rows }) => rows)
    if (!same(glob, expected)) violated(`at rest the lake holds [${glob}], the marks say [${expected}]`)
    alone(snapshot())
  }

  trouble()
  rest()
  for (let round = 1 + random.int(4); round > 0 && !violation; round--) {
    if (random.chance(0.8)) deliver(`later${round}`, newContent())
    alone(process(0))
    alone(compact(1 + random.int(HOURS)))
    world.clock += random.pick([1, 26, 50])
  }
  while (lateWrites.length && random.chance(0.8)) land()
  alone(snapshot())
  rest()
  return { violation, steps }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join() === [...b].sort().join()
}
