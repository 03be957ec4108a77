import { createHash } from 'node:crypto'
import {
  compactedKey,
  fragmentKey,
  type Granularity,
  hourOf,
  markKey,
  parseFragmentName,
  partitionOf,
  partitionSpan,
} from '../../templates/src/lake/layout.ts'
import { type Lineage, parseLineage } from '../../templates/src/lake/lineage.ts'
import { readAll } from '../../templates/src/lake/state.ts'
import type { CompactorStorage, Mark } from '../../templates/src/types.ts'
import type { Engine, StoredFile } from './engines.ts'
import type { Chunk, Logs } from './logs.ts'

const DAY_MS = 24 * 3600_000

/** What a configuration makes of a chunk, worked out without the code under test. */
export type Expect = (chunk: Chunk) => string[]

/** Who writes: a configuration, by what it makes of a log; retention, by the time before which it may remove; or others. */
export type Writer = Expect | { removesBefore: number } | null

export interface KnownMark {
  key: string
  mark: Mark
  modified: number
  chunks: Chunk[]
  /** Its rows by partition, by what was in the log: as they were ingested, and as every replay made them since. */
  versions: Map<string, string[][]>
}

interface KnownFragment extends StoredFile {
  markKey: string
}

interface KnownCompacted {
  lineage: Lineage
  /** Every fragment whose rows it holds, those that its lineage forgot included. */
  held: Set<string>
  rows: string[]
}

export type Watch = ReturnType<typeof createWatch>

/**
 * Sees every write that takes effect and holds it against the invariants of the protocol. It keeps its own account of
 * the store, by what was written and not by what the code under test says.
 */
export function createWatch(engine: Engine, logs: Logs, prefix: string, granularity: Granularity) {
  const violations: string[] = []
  const violated = (text: string) => void violations.push(text)
  const stored = new Map<string, Uint8Array>()
  const fragments = new Map<string, KnownFragment>()
  const marks = new Map<string, KnownMark>()
  const compacted = new Map<string, KnownCompacted>()
  let writes = 0
  /** The latest that the store's clock ever said. */
  let latest = 0

  const isState = (key: string) => key.startsWith(`${prefix}/_state/`)
  const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1)
  const lists = (key: string, name: string) =>
    marks.get(key)?.mark.fragments.some((fragment) => fragment.name === name) ?? false

  async function onPut(key: string, bytes: Uint8Array, modified: number, writer: Writer): Promise<void> {
    const expect = typeof writer === 'function' ? writer : null
    writes++
    latest = Math.max(latest, modified)
    const before = stored.get(key)
    stored.set(key, bytes)
    if (key.startsWith(`${prefix}/_state/ingested/`) && key.endsWith('.json'))
      onMark(key, bytes, modified, expect, before)
    else if (key.startsWith(`${prefix}/_state/replay/`)) return
    else if (isState(key)) {
      if (before) violated(`${key}: replaced, but it is written once`)
    } else if (key.endsWith('/compacted.parquet')) onCompacted(key, await readFile(key, bytes), writer)
    else onFragment(key, bytes, await readFile(key, bytes), before)
  }

  async function readFile(key: string, bytes: Uint8Array): Promise<StoredFile> {
    return engine.read(bytes).catch((error: Error) => {
      violated(`I6: ${key} is no whole file: ${error.message}`)
      return { metadata: {}, rows: [] }
    })
  }

  function onFragment(key: string, bytes: Uint8Array, file: StoredFile, before: Uint8Array | undefined): void {
    const name = nameOf(key)
    const { sourceName = '', key: logKey = '', offset = '' } = file.metadata
    const id12 = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    const known = fragments.get(name)
    if (known && !sameRows(known.rows, file.rows)) violated(`I2: ${key} had other rows before`)
    if (before && !Buffer.from(before).equals(bytes)) violated(`I2: ${key} was replaced by other bytes`)
    if (!name.includes(`-${id12}.`)) violated(`I2: ${key} is not named after its bytes`)
    fragments.set(name, { ...file, markKey: markKey(prefix, sourceName, logKey, Number(offset)) })
  }

  function onMark(key: string, bytes: Uint8Array, modified: number, expect: Expect | null, before?: Uint8Array): void {
    const mark = JSON.parse(Buffer.from(bytes).toString()) as Mark
    if (before) violated(`I5: ${key} was replaced`)
    if (mark.abandoned) {
      if (logs.current.has(mark.key) && !logs.tampered.has(mark.key)) violated(`${mark.key} given up, but it is there`)
      marks.set(key, { key, mark, modified, chunks: [], versions: new Map() })
      return
    }
    const chunks = logs.chunksOf(mark)
    if (!chunks) violated(`${key} names bytes that were never in ${mark.key}`)
    const rows = expect ? (chunks ?? []).flatMap(expect) : []
    const listed = mark.fragments.flatMap(({ name }) => {
      if (!stored.has(fragmentKey(prefix, name))) violated(`I5: ${key} lists ${name}, which is not stored`)
      return fragments.get(name)?.rows ?? []
    })
    if (!sameRows(rows, listed)) violated(`${key}: its fragments hold [${listed}], the log had [${rows}]`)
    const { lines, extra, entries, foreign, rejected, dropped, rows: counted } = mark.counts
    const isBalanced = lines + extra === entries + foreign + Object.values(rejected).reduce((sum, n) => sum + n, 0)
    if (!isBalanced || entries !== counted + dropped || counted !== rows.length)
      violated(`${key}: its counts do not add up: ${JSON.stringify(mark.counts)} for ${rows.length} rows`)
    const versions = new Map<string, string[][]>()
    for (const [partition, part] of byPartition(rows)) versions.set(partition, [part])
    marks.set(key, { key, mark, modified, chunks: chunks ?? [], versions })
  }

  /** A replay makes other rows of the same logs: all of the partition's, or it loses some. */
  function onReplayed(key: string, held: ReadonlySet<string>, expect: Expect): string[] {
    const partition = key.slice(prefix.length + 1, key.lastIndexOf('/'))
    const rows: string[] = []
    for (const { mark, chunks, versions } of marks.values()) {
      const own = mark.fragments.filter(({ name }) => compactedKeyOf(name) === key)
      const taken = own.filter(({ name }) => held.has(name))
      if (taken.length === 0) continue
      if (taken.length < own.length) violated(`${key}: a replay took ${mark.key} in part`)
      const made = byPartition(chunks.flatMap(expect)).get(partition) ?? []
      versions.set(partition, [...(versions.get(partition) ?? []), made])
      rows.push(...made)
    }
    return rows
  }

  /** Retention leaves nothing of what it takes; of a log that is marked while it does, it may take a part. */
  function onRemoved(key: string, held: ReadonlySet<string>, before: number): string[] {
    const partition = key.slice(prefix.length + 1, key.lastIndexOf('/'))
    if (partitionSpan(partition)[1] > before) violated(`${key}: removed, but it is not old enough`)
    for (const { mark, versions } of marks.values()) {
      const own = mark.fragments.filter(({ name }) => compactedKeyOf(name) === key)
      if (!own.some(({ name }) => held.has(name))) continue
      const left = own.filter(({ name }) => !held.has(name)).flatMap(({ name }) => fragments.get(name)?.rows ?? [])
      versions.set(partition, [...(versions.get(partition) ?? []), left])
    }
    return []
  }

  function byPartition(rows: readonly string[]): Map<string, string[]> {
    return grouped(rows, (row) => partitionOf(hourOf(timeOf(row)), granularity))
  }

  function onCompacted(key: string, file: StoredFile, writer: Writer): void {
    let lineage: Lineage
    try {
      lineage = parseLineage(file.metadata, key)
    } catch (error) {
      violated(`I1: ${(error as Error).message}`)
      return
    }
    const before = compacted.get(key)
    const held = new Set([...(before?.held ?? []), ...Object.keys(lineage.names)])
    const added = [...held].filter((name) => !before?.held.has(name))
    const rows = writer
      ? typeof writer === 'function'
        ? onReplayed(key, held, writer)
        : onRemoved(key, held, writer.removesBefore)
      : [...(before?.rows ?? []), ...added.flatMap((name) => fragments.get(name)?.rows ?? [])]
    if (!sameRows(rows, file.rows)) violated(`I1: ${key} holds [${file.rows}], by its lineage it should hold [${rows}]`)
    if (lineage.rows !== file.rows.length)
      violated(`I1: ${key} counts ${lineage.rows} rows, it has ${file.rows.length}`)
    for (const name of Object.keys(lineage.names)) {
      const at = fragments.get(name)?.markKey ?? ''
      if (!lists(at, name)) violated(`${key} took ${name}, which no mark lists`)
    }
    const removes = typeof writer === 'object' && writer !== null
    const newest = removes ? latest : Math.max(...Object.values(lineage.names))
    for (const [name, modified] of Object.entries(before?.lineage.names ?? {})) {
      if (Object.hasOwn(lineage.names, name)) continue
      if (modified > lineage.forgotten) violated(`I3: ${key} lost ${name} from its lineage, forgotten does not hold it`)
      if (newest - modified < DAY_MS) violated(`I3: ${key} forgot ${name} within a day`)
    }
    if (lineage.forgotten < (before?.lineage.forgotten ?? 0)) violated(`I3: forgotten of ${key} went back`)
    for (const { mark, modified } of marks.values())
      for (const { name } of mark.fragments)
        if (compactedKeyOf(name) === key && modified <= lineage.forgotten && !held.has(name))
          violated(`5.6: forgotten of ${key} swallows ${name}, which it never held`)
    compacted.set(key, { lineage, held, rows: file.rows })
  }

  /** Hour by hour, what the marks count and what replays say they changed add up to the rows that are there. */
  function checkLedger(rows: readonly string[]): void {
    const balance = new Map<string, number>()
    const adjusted = [...compacted.values()].flatMap(({ lineage }) => Object.entries(lineage.adjusted))
    // The hours of a partition that retention emptied are counted together.
    const emptied = new Set(adjusted.map(([span]) => span).filter((span) => span.includes('/')))
    const book = (span: string, count: number) => {
      const partition = span.includes('/') ? span : partitionOf(span, granularity)
      const at = emptied.has(partition) ? partition : span
      balance.set(at, (balance.get(at) ?? 0) + count)
    }
    for (const row of rows) book(hourOf(timeOf(row)), 1)
    for (const { mark } of marks.values())
      for (const fragment of mark.fragments) book(parseFragmentName(fragment.name)?.hour ?? '', -fragment.rows)
    for (const [span, count] of adjusted) book(span, -count)
    for (const [hour, count] of balance) if (count) violated(`the books are out by ${count} rows in ${hour}`)
  }

  const compactedKeyOf = (name: string) =>
    compactedKey(prefix, partitionOf(parseFragmentName(name)?.hour ?? '', granularity))

  function onDelete(key: string): void {
    if (!stored.delete(key)) return
    writes++
    if (key.startsWith(`${prefix}/_state/replay/`)) return
    if (key.startsWith(`${prefix}/_state/rejected/`)) return
    const name = nameOf(key)
    const fragment = fragments.get(name)
    if (isState(key) || !fragment) {
      violated(`${key} was deleted, but nothing may ever delete it`)
      return
    }
    const isHeld = compacted.get(compactedKeyOf(name))?.held.has(name)
    const isOrphan = marks.has(fragment.markKey) && !lists(fragment.markKey, name)
    if (!isHeld && !isOrphan) violated(`I4: ${key} was deleted, but no compacted file holds it and it is no orphan`)
  }

  logs.onRemove((key, version) => {
    const covered = Math.max(
      0,
      ...[...marks.values()]
        .filter(({ mark }) => mark.key === key && !mark.abandoned && logs.beginsWith(version, mark))
        .map(({ mark }) => mark.offset + mark.size),
    )
    if (covered < version.bytes.length) violated(`I5: ${key} was removed, but it was ingested up to ${covered} only`)
  })

  return {
    violations,
    violated,
    stored,
    marks,
    writes: () => writes,
    /** The store, watched; `writer` says who writes to it. */
    watched: (inner: CompactorStorage, writer: Writer): CompactorStorage => ({
      ...inner,
      async put(key, body, condition) {
        const bytes = body instanceof Uint8Array ? body : await readAll(body)
        const info = await inner.put(key, bytes, condition)
        if (info) await onPut(key, Uint8Array.from(bytes), info.lastModified, writer)
        return info
      },
      async delete(keys) {
        await inner.delete(keys)
        keys.forEach(onDelete)
      },
    }),
    /** Holds a snapshot against the marks: each source entirely or not at all, and all that were in before it began. */
    checkSnapshot(who: string, rows: readonly string[], before: ReadonlySet<string>): void {
      const byChunk = grouped(rows, (row) => row.slice(0, row.indexOf('.')))
      for (const { key, chunks, versions } of marks.values()) {
        const found = chunks.flatMap(({ id }) => byChunk.get(id) ?? [])
        for (const { id } of chunks) byChunk.delete(id)
        if (found.length === 0 && !before.has(key)) continue
        const parts = byPartition(found)
        for (const [partition, allowed] of versions) {
          const part = parts.get(partition) ?? []
          if (!allowed.some((version) => sameRows(version, part)))
            violated(`${who} saw [${part}] of ${key} in ${partition}, which has [${allowed.at(-1)}]`)
        }
      }
      for (const [chunk, found] of byChunk) violated(`${who} saw [${found}] of ${chunk}, which no mark lists`)
    },
    /** What must be true once everything has come to rest: the lake is the input, row for row. */
    async checkAtRest(): Promise<number> {
      const rows: string[] = []
      for (const [key, bytes] of stored)
        if (key.endsWith('.parquet') && !isState(key)) rows.push(...(await readFile(key, bytes)).rows)
      const versions = [...marks.values()].flatMap((mark) => [...mark.versions.values()])
      const expected = versions.flatMap((all) => all.at(-1) ?? [])
      if (!sameRows(rows, expected)) violated(`at rest the lake holds [${rows}], the logs had [${expected}]`)
      checkLedger(rows)
      for (const key of stored.keys())
        if (!isState(key) && parseFragmentName(nameOf(key))) violated(`at rest there is still ${key}`)
      return rows.length
    },
    /** Marks of a log, the first range first. */
    marksOf: (key: string) =>
      [...marks.values()].filter(({ mark }) => mark.key === key).sort((a, b) => a.mark.offset - b.mark.offset),
  }
}

const timeOf = (row: string) => Number(row.slice(row.lastIndexOf(' ')))

function grouped(rows: readonly string[], groupOf: (row: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const row of rows) {
    const group = groupOf(row)
    groups.set(group, [...(groups.get(group) ?? []), row])
  }
  return groups
}

function sameRows(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join() === [...b].sort().join()
}
