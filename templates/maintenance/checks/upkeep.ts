import { counted } from '../../query/table.ts'
import { listPartitions } from '../../src/lake/fragments.ts'
import { hourStart, partitionSpan } from '../../src/lake/layout.ts'
import { readLineage } from '../../src/lake/lineage.ts'
import { openEngine } from '../../src/wiring/engine.ts'
import { parseTime } from '../../src/worker/settings.ts'
import type { Check } from '../doctor.ts'
import { spell } from './spell.ts'

const DAY_MS = 24 * 3600_000

/** Whether compaction, and retention where it is set, keep up. */
export const checkUpkeep: Check = async function* ({ settings, storage }, now = Date.now()) {
  const { prefix, granularity, before, keep } = settings
  const { merger } = openEngine()
  const due = parseTime(before, now) - 2 * DAY_MS
  const expired = keep === 'forever' ? -Infinity : parseTime(keep, now) - 2 * DAY_MS
  let [partitions, overdue, compacted, kept] = [0, 0, 0, 0]
  for await (const partition of listPartitions(storage, prefix, granularity)) {
    partitions++
    compacted = Math.max(compacted, partition.compacted?.lastModified ?? 0)
    for (const { hour, lastModified } of partition.fragments)
      if (hourStart(hour) < due && lastModified < now - 2 * DAY_MS) overdue++
    if (partitionSpan(partition.path)[1] > expired) continue
    if ((await readLineage({ storage, merger }, partition.compacted))?.rows) kept++
  }
  if (overdue > 0) {
    const mend = 'run compact and read what it says; then let cron run it every hour'
    yield { what: `${counted(overdue, 'fragment')} should have been compacted two days ago`, mend }
  } else if (partitions > 0) {
    const last = compacted ? `, compacted last ${spell(now - compacted)} ago` : ''
    yield { what: `${counted(partitions, 'partition')}${last}` }
  }
  if (kept > 0) {
    const mend = 'run retention (with --dry-run first); then let cron run it every day'
    yield { what: `older than keep: '${keep}', and still with rows: ${counted(kept, 'partition')}`, mend }
  }
}
