import { randomUUID } from 'node:crypto'
import { listPartitions, type Partition } from '../lake/fragments.ts'
import { type Granularity, type Hour, hourOf, markPrefix, partitionOf, partitionSpan } from '../lake/layout.ts'
import { type Lineage, readLineage } from '../lake/lineage.ts'
import { checkLake, readMark, type StoredMark } from '../lake/state.ts'
import { type EntrySink, type ReadOptions, readEntries, startReading } from '../processor/entries.ts'
import type { LogSource, Mark, ObjectInfo, ParquetWriter, PipelineError, SourceInfo } from '../types.ts'
import { type CommitOptions, commitPartition } from './commit.ts'

export interface ReplayOptions extends CommitOptions, ReadOptions {
  granularity: Granularity
  source: LogSource
  writer: ParquetWriter
  maxEntriesPerFile?: number
  maxBufferBytes?: number
  onProgress?: (result: ReplayResult) => void
}

export interface ReplayResult {
  /** Partitions that lie wholly within the window. */
  partitions: number
  replayed: number
  /** Partitions that a compaction changed meanwhile: run it again. */
  conflicts: number
  sources: number
  rows: number
  errors: PipelineError[]
}

/** A fragment that a mark lists for a partition: what is in it comes from the bytes the mark names. */
interface Listed extends StoredMark {
  name: string
  hour: Hour
  rows: number
}

/**
 * Builds whole partitions anew from the raw logs, as today's code reads them: after a bug in `transform`, say. Readers
 * see the old rows or the new ones; nothing but the compacted file changes, so it can be stopped and run again.
 */
export function createReplay(options: ReplayOptions) {
  const { storage, prefix, granularity, source, writer, columns } = options
  const { maxEntriesPerFile = 100_000, maxBufferBytes = 64 << 20 } = options
  const temporaries = `${prefix}/_state/replay/`

  /** `from` and `to` in milliseconds since the epoch; a partition that is only partly in between is left alone. */
  async function run({ from, to }: { from: number; to: number }): Promise<ReplayResult> {
    const result: ReplayResult = { partitions: 0, replayed: 0, conflicts: 0, sources: 0, rows: 0, errors: [] }
    await checkLake(storage, prefix, granularity)
    for await (const { key } of storage.list(temporaries)) await storage.delete([key])
    const listed = await listedByPartition()
    const logs = new Map<string, SourceInfo>()
    for await (const info of source.list()) logs.set(info.key, info)
    for await (const partition of listPartitions(storage, prefix, granularity)) {
      const [start, end] = partitionSpan(partition.path)
      if (start < from || end > to) continue
      result.partitions++
      await rebuild(partition, listed.get(partition.path) ?? [], logs, result).catch((error: Error) => {
        result.errors.push({ where: partition.path, message: error.message })
      })
      options.onProgress?.(result)
    }
    return result
  }

  async function listedByPartition(): Promise<Map<string, Listed[]>> {
    const byPartition = new Map<string, Listed[]>()
    for await (const { key } of storage.list(markPrefix(prefix, source.name))) {
      const stored = key.endsWith('.json') ? await readMark(storage, key) : null
      for (const { name, rows } of stored?.mark.fragments ?? []) {
        const hour = name.slice(0, 10)
        const path = partitionOf(hour, granularity)
        if (!byPartition.has(path)) byPartition.set(path, [])
        byPartition.get(path)?.push({ ...(stored as StoredMark), name, hour, rows })
      }
    }
    return byPartition
  }

  async function rebuild(partition: Partition, listed: Listed[], logs: Map<string, SourceInfo>, result: ReplayResult) {
    const marks = [...new Set(listed.map(({ mark }) => mark))]
    const lineage = await readLineage(options, partition.compacted)
    const gone = marks.filter(({ key }) => !logs.has(key)).map(({ path }) => path)
    if (gone.length) throw new Error(`these raw logs are gone, without them rows would be lost: ${gone.join(', ')}`)
    if (lineage && lineage.rows !== heldRows(lineage, listed))
      throw new Error(
        'it holds rows that no mark of these logs lists: compacted meanwhile, so run again; or other logs',
      )
    const runId = randomUUID()
    const files: ObjectInfo[] = []
    const rowsByHour: Record<Hour, number> = {}
    let batch = writer.open(columns)
    const flush = async () => {
      const bytes = await batch.finish({})
      const file = await storage.put(`${temporaries}${runId}/${files.length}.tmp`, bytes, 'absent')
      if (file) files.push(file)
      batch = writer.open(columns)
    }
    for (const mark of marks) {
      await readAgain(mark, logs, partition.path, ({ entry, timestamp }) => {
        const hour = hourOf(timestamp)
        batch.add(entry)
        rowsByHour[hour] = (rowsByHour[hour] ?? 0) + 1
        return batch.rows >= maxEntriesPerFile || batch.bytes >= maxBufferBytes ? flush() : undefined
      })
      result.sources++
    }
    await flush()
    const next = successor(lineage, listed, rowsByHour, runId)
    const committed = await commitPartition(options, partition, files, next)
    await storage.delete(files.map(({ key }) => key))
    if (committed?.runId !== runId) {
      result.conflicts++
      return
    }
    const held = partition.fragments.filter(({ name }) => Object.hasOwn(committed.names, name))
    await storage.delete(held.map(({ key }) => key))
    result.replayed++
    result.rows += next.rows
  }

  /** The partition's entries in the bytes of this mark, as today's code reads them. */
  async function readAgain(mark: Mark, logs: Map<string, SourceInfo>, path: string, add: EntrySink['add']) {
    const range = await source.reopen(logs.get(mark.key) as SourceInfo, mark)
    if (!range) throw new Error(`${mark.path}: gone since it was listed; run again`)
    // What was too far in the future then stays rejected: its partition may not be this one.
    const then = { ...options, now: () => Date.parse(mark.at) }
    await readEntries(range, startReading(), then, {
      add(read) {
        const origin = partitionOf(hourOf(Date.parse(read.original.timestamp)), granularity)
        if (partitionOf(hourOf(read.timestamp), granularity) !== origin)
          throw new Error(`${mark.path}: transform moves an entry from ${origin} to another partition`)
        return origin === path ? add(read) : undefined
      },
    })
    if (range.sha256.digest('hex') !== mark.sha256) throw new Error(`${mark.path}: not the bytes that were ingested`)
  }

  return { run }
}

/** The rows that this lineage holds of what is listed. */
function heldRows({ names, forgotten, adjusted }: Lineage, listed: readonly Listed[]): number {
  const held = listed.filter(({ name, modified }) => modified <= forgotten || Object.hasOwn(names, name))
  return sum([...held.map(({ rows }) => rows), ...Object.values(adjusted)])
}

/** Holds what the old lineage held, and every fragment that is listed. */
function successor(
  lineage: Lineage | null,
  listed: readonly Listed[],
  rowsByHour: Readonly<Record<Hour, number>>,
  runId: string,
): Lineage {
  const { names: oldNames, forgotten = 0, generation = 0 } = lineage ?? {}
  const names = { ...oldNames }
  const adjusted = { ...rowsByHour }
  for (const { name, hour, rows, modified } of listed) {
    if (modified > forgotten) names[name] = modified
    adjusted[hour] = (adjusted[hour] ?? 0) - rows
  }
  for (const [hour, rows] of Object.entries(adjusted)) if (rows === 0) delete adjusted[hour]
  return { names, adjusted, forgotten, generation: generation + 1, runId, rows: sum(Object.values(rowsByHour)) }
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
