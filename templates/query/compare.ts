import type { ReaderOptions } from '../src/lake/reader.ts'
import { parseTime, UsageError } from '../src/worker/settings.ts'
import { readSql, withLake } from './duckdb.ts'
import { momentOf, readTables, startReport } from './report.ts'
import { print, renderErrors } from './table.ts'

export interface CompareFlags extends Partial<Record<'from' | 'to' | 'route', string>> {
  compare: string
  json?: boolean
  check?: boolean
}

/** Other words for an age. */
const AGES: Record<string, string> = { yesterday: '1d', 'last-week': '7d' }

const NOTHING = {
  deploy:
    'No deploy is known: no gateway changed its `version` in that time. Give it one: analyticsLog({ dimensions: { version } }).\n',
  window: 'There is nothing to compare: no requests in one of these windows, or in both.\n',
}

/**
 * Holds a window (`from`, `to`; by default the last 24 hours) against one of the same length: the one `before` it, that
 * of `yesterday`, of `last-week`, of an age earlier (`3d`), from a time on, or the time before the last `deploy`. With
 * `check`, the exit code is 4 where errors or latencies of a route became worse, and 1 where there is nothing to compare.
 */
export function runCompare(options: ReaderOptions, flags: CompareFlags, write = print): Promise<number> {
  const { compare, json, check } = flags
  const kind = compare === 'deploy' ? 'deploy' : 'window'
  const now = Date.now()
  const from = parseTime(flags.from ?? (kind === 'deploy' ? '30d' : '24h'), now)
  const to = parseTime(flags.to ?? '0', now)
  if (from >= to) throw new UsageError(`--to ${flags.to ?? 'now'} is not after --from ${flags.from ?? 'a day ago'}`)
  const earlierThan = (until: number) =>
    compare === 'before'
      ? from - (until - from)
      : parseTime(AGES[compare] ?? compare, from, '--compare (before, deploy, yesterday, last-week)')
  if (kind === 'window') earlierThan(to) // a word that means nothing is told before anything is read
  return withLake(options, async (lake) => {
    const { rows, broken } = lake
    await startReport(lake, { ...flags, from, to })
    // What is not ingested yet is no drop in traffic: without `to`, both windows end where the newest request is.
    const [{ newest = null } = {}] = await rows(`SELECT epoch_ms(max(timestamp)) + 1 AS newest
      FROM analytics WHERE timestamp >= getvariable('from') AND timestamp < getvariable('to')`)
    const until = flags.to ? to : Math.min(to, (newest as number | null) ?? to)
    if (kind === 'window' && earlierThan(until) + (until - from) > from)
      throw new UsageError(
        `--compare ${compare}: the windows overlap; shorten them by --from and --to, or go further back`,
      )
    await rows(`SET VARIABLE since = ${momentOf(from)}; SET VARIABLE until = ${momentOf(until)};
      SET VARIABLE earlier = ${momentOf(kind === 'window' ? earlierThan(until) : from)};
      ${await readSql(`compare/windows/${kind}.sql`)}
      SET VARIABLE "from" = (SELECT coalesce(min(earlier), getvariable('from')) FROM windows);
      ${await readSql('compare/changes.sql')}`)
    const { tables, text } = await readTables(lake, 'compare/tables')
    const [{ worse = 0, isBoth = false } = {}] = await rows(`SELECT
      count(*) FILTER (is_worse AND route IS NOT NULL) AS worse, count(*) FILTER (what = 'p95') > 0 AS isBoth
      FROM changes`)
    write(json ? `${JSON.stringify({ ...tables, worse, errors: broken })}\n` : text + renderErrors(broken))
    if (!isBoth && !json) write(NOTHING[kind])
    if (broken.length > 0 || (check && !isBoth)) return 1
    return check && Number(worse) > 0 ? 4 : 0
  })
}
