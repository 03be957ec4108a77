import { counted } from '../../query/table.ts'
import { readMark } from '../../src/lake/state.ts'
import { listPending } from '../../src/processor/pending.ts'
import type { ObjectInfo, StorageReader } from '../../src/types.ts'
import { openStores } from '../../src/wiring/stores.ts'
import type { Check, Finding } from '../doctor.ts'
import { spell } from './spell.ts'

const HOUR_MS = 3600_000
const MARKS_READ = 100

/** Whether logs arrive, are ingested, and hold what they should. */
export const checkFlow: Check = async function* ({ settings, storage }, now = Date.now()) {
  const { source } = openStores(settings)
  let [logs, newest] = [0, 0]
  for await (const { lastModified } of source.list()) {
    logs++
    newest = Math.max(newest, lastModified)
  }
  if (logs === 0) {
    yield {
      what: `there are no logs at ${settings.source}`,
      mend: 'send requests through analyticsLog(), see the README',
    }
  } else if (now - newest > 24 * HOUR_MS) {
    const mend = 'is the gateway running, does its sink write here, is anything else clearing logs away?'
    yield { what: `no log was written to for ${spell(now - newest)}`, mend }
  } else yield { what: `${counted(logs, 'log')}, the newest written to ${spell(now - newest)} ago` }

  const marks = await newestMarks(storage, `${settings.prefix}/_state/ingested/`)
  const waiting: string[] = []
  for await (const { info, newestMark } of listPending(source, storage, settings.prefix, false))
    if (newestMark === null && now - info.lastModified > HOUR_MS) waiting.push(info.path)
  if (waiting.length > 0) {
    const mend = 'run ingest and read what it says; then let cron run it every five minutes'
    yield { what: `waiting for an hour to be ingested: ${counted(waiting.length, 'log')}, such as ${waiting[0]}`, mend }
  } else if (marks[0]) yield { what: `the last log was ingested ${spell(now - marks[0].lastModified)} ago` }
  yield* checkRejected(storage, marks)
}

/** The share of rejected lines in the logs that were ingested last. */
async function* checkRejected(storage: StorageReader, marks: readonly ObjectInfo[]): AsyncIterable<Finding> {
  let entries = 0
  const reasons = new Map<string, number>()
  for (const { key } of marks) {
    const counts = (await readMark(storage, key))?.mark.counts
    entries += counts?.entries ?? 0
    for (const [reason, count] of Object.entries(counts?.rejected ?? {}))
      reasons.set(reason, (reasons.get(reason) ?? 0) + count)
  }
  const rejected = [...reasons.values()].reduce((sum, count) => sum + count, 0)
  const share = rejected / Math.max(1, rejected + entries)
  const what = `${rejected} of ${rejected + entries} entries in the newest ${counted(marks.length, 'log')} were rejected`
  const list = [...reasons].map(([reason, count]) => `${reason} ${count}`).join(', ')
  if (share > 0.01)
    yield { what: `${what} (${list})`, mend: 'report names logs with such lines, _state/rejected holds them' }
  else if (marks.length > 0) yield { what }
}

async function newestMarks(storage: StorageReader, prefix: string): Promise<ObjectInfo[]> {
  let newest: ObjectInfo[] = []
  const sorted = () => newest.sort((a, b) => b.lastModified - a.lastModified).slice(0, MARKS_READ)
  for await (const info of storage.list(prefix)) {
    if (info.key.endsWith('.json')) newest.push(info)
    if (newest.length >= 10 * MARKS_READ) newest = sorted()
  }
  return sorted()
}
