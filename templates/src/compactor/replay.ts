import { randomUUID } from 'node:crypto'
import { inputOf, listPartitions, type Partition } from '../lake/fragments.ts'
import { type Granularity, type Hour, hourOf, markPrefix, partitionOf, partitionSpan } from '../lake/layout.ts'
import { type Lineage, parseLineage } from '../lake/lineage.ts'
import { checkLake, readMark, type StoredMark } from '../lake/state.ts'
import { type ReadOptions, readEntries } from '../processor/entries.ts'
import type { LogSource, ObjectInfo, ParquetWriter, PipelineError, SourceInfo } from '../types.ts'
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
  lost: number
  sources: number
  rows: number
  errors: PipelineError[]
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
    const result: ReplayResult = { partitions: 0, replayed: 0, lost: 0, sources: 0, rows: 0, errors: [] }
    await checkLake(storage, prefix, granularity)
    for await (const { key } of storage.list(temporaries)) await storage.delete([key])
    const marks = await marksByPartition()
    const logs = new Map<string, SourceInfo>()
    for await (const info of source.list()) logs.set(info.key, info)
    for await (const partition of listPartitions(storage, prefix, granularity)) {
      const [start, end] = partitionSpan(partition.path)
      if (start < from || end > to) continue
      result.partitions++
      await rebuild(partition, marks.get(partition.path) ?? [], logs, result).catch((error: Error) => {
        result.errors.push({ where: partition.path, message: error.message })
      })
      options.onProgress?.(result)
    }
    return result
  }

  async function marksByPartition(): Promise<Map<string, StoredMark[]>> {
    const byPartition = new Map<string, StoredMark[]>()
    for await (const { key } of storage.list(markPrefix(prefix, source.name))) {
      const stored = key.endsWith('.json') ? await readMark(storage, key) : null
      const hours = stored?.mark.fragments.map(({ name }) => name.slice(0, 10)) ?? []
      for (const path of new Set(hours.map((hour) => partitionOf(hour, granularity))))
        byPartition.set(path, [...(byPartition.get(path) ?? []), stored as StoredMark])
    }
    return byPartition
  }

  async function rebuild(
    partition: Partition,
    marks: StoredMark[],
    logs: Map<string, SourceInfo>,
    result: ReplayResult,
  ) {
    const { compacted, path } = partition
    const lineage =
      compacted && parseLineage(await options.merger.readMetadata(inputOf(storage, compacted)), compacted.key)
    const gone = marks.filter(({ mark }) => !logs.has(mark.key)).map(({ mark }) => mark.path)
    if (gone.length) throw new Error(`these raw logs are gone, without them rows would be lost: ${gone.join(', ')}`)
    if (lineage && lineage.rows !== heldRows(lineage, path, marks))
      throw new Error(
        'it holds rows that no mark of these logs lists: compacted meanwhile, so run again; or other logs',
      )
    const runId = randomUUID()
    const files: ObjectInfo[] = []
    const rowsByHour = new Map<Hour, number>()
    let batch = writer.open(columns)
    const flush = async () => {
      const bytes = await batch.finish({})
      const file = await storage.put(`${temporaries}${runId}/${files.length}.tmp`, bytes, 'absent')
      if (file) files.push(file)
      batch = writer.open(columns)
    }
    for (const { mark } of marks) {
      const range = await source.reopen(logs.get(mark.key) as SourceInfo, mark)
      if (!range) throw new Error(`${mark.path}: gone since it was listed; run again`)
      // What was too far in the future then stays rejected: its partition may not be this one.
      await readEntries(
        range,
        { ...options, now: () => Date.parse(mark.at) },
        {
          add(entry, hour, original) {
            const origin = partitionOf(hourOf(Date.parse(original.timestamp)), granularity)
            if (partitionOf(hour, granularity) !== origin)
              throw new Error(`${mark.path}: transform moves an entry from ${origin} to another partition`)
            if (origin !== path) return
            batch.add(entry)
            rowsByHour.set(hour, (rowsByHour.get(hour) ?? 0) + 1)
          },
          reject() {},
          isFull: () => batch.rows >= maxEntriesPerFile || batch.bytes >= maxBufferBytes,
          flush,
        },
      )
      if (range.sha256.digest('hex') !== mark.sha256) throw new Error(`${mark.path}: not the bytes that were ingested`)
      result.sources++
    }
    await flush()
    const next = successor(lineage, path, marks, rowsByHour, runId)
    const committed = await commitPartition(options, partition, files, next)
    await storage.delete(files.map(({ key }) => key))
    if (committed?.runId !== runId) {
      result.lost++
      return
    }
    await storage.delete(
      partition.fragments.filter(({ name }) => Object.hasOwn(committed.names, name)).map(({ key }) => key),
    )
    result.replayed++
    result.rows += next.rows
  }

  /** The rows that this lineage holds of these marks. */
  function heldRows({ names, forgotten, adjusted }: Lineage, path: string, marks: readonly StoredMark[]): number {
    let rows = Object.values(adjusted).reduce((sum, count) => sum + count, 0)
    for (const { mark, modified } of marks)
      for (const fragment of mark.fragments)
        if (partitionOf(fragment.name.slice(0, 10), granularity) === path)
          if (modified <= forgotten || Object.hasOwn(names, fragment.name)) rows += fragment.rows
    return rows
  }

  /** Holds what the old lineage held, and every fragment that the marks read here list for this partition. */
  function successor(
    lineage: Lineage | null,
    path: string,
    marks: readonly StoredMark[],
    rowsByHour: ReadonlyMap<Hour, number>,
    runId: string,
  ): Lineage {
    const names = { ...lineage?.names }
    const forgotten = lineage?.forgotten ?? 0
    const adjusted: Record<Hour, number> = Object.fromEntries(rowsByHour)
    for (const { mark, modified } of marks)
      for (const { name, rows } of mark.fragments) {
        const hour = name.slice(0, 10)
        if (partitionOf(hour, granularity) !== path) continue
        if (modified > forgotten) names[name] = modified
        adjusted[hour] = (adjusted[hour] ?? 0) - rows
      }
    for (const [hour, rows] of Object.entries(adjusted)) if (rows === 0) delete adjusted[hour]
    const rows = [...rowsByHour.values()].reduce((sum, count) => sum + count, 0)
    return { names, adjusted, forgotten, generation: (lineage?.generation ?? 0) + 1, runId, rows }
  }

  return { run }
}
