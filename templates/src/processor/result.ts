import type { Mark, PipelineError, RejectReason, SourceCounts } from '../types.ts'

/** What a run did. */
export interface IngestResult extends Omit<SourceCounts, 'extra'> {
  /** Sources, or ranges of growing files, ingested by this run. */
  sources: number
  /** Raw bytes read. */
  bytes: number
  /** All that were rejected. */
  malformed: number
  fragments: number
  deleted: number
  /** 1: the budget was spent before a source that waits, perhaps with others behind it, for the next run. */
  left: number
  errors: PipelineError[]
}

export function emptyResult(): IngestResult {
  const counts = { sources: 0, bytes: 0, lines: 0, entries: 0, foreign: 0, dropped: 0, malformed: 0, rejected: {} }
  return { ...counts, fragments: 0, rows: 0, deleted: 0, left: 0, errors: [] }
}

/** Adds what the mark of an ingested source counts. */
export function addCounts(result: IngestResult, { size, counts, fragments }: Mark): void {
  result.sources++
  result.bytes += size
  result.fragments += fragments.length
  for (const key of ['lines', 'entries', 'foreign', 'dropped', 'rows'] as const) result[key] += counts[key]
  for (const [reason, count] of Object.entries(counts.rejected) as [RejectReason, number][]) {
    result.rejected[reason] = (result.rejected[reason] ?? 0) + count
    result.malformed += count
  }
}
