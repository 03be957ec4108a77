import type { AnalyticsEntry, Column, ParquetWriter } from '../types.ts'

/**
 * NDJSON in place of Parquet, without any dependency: one object a row, timestamps in ISO, NULL columns left out.
 * It has no footer, so `metadata` goes nowhere: nothing is compacted, and readers go by the marks alone.
 */
export const ndjsonPassthroughWriter = (): ParquetWriter => ({ extension: '.ndjson', open: openBatch })

function openBatch(columns: readonly Column[]) {
  const lines: { at: number; json: string }[] = []
  const batch = {
    rows: 0,
    bytes: 0,
    add(entry: AnalyticsEntry) {
      const cells = columns.map(({ name, type, value }) => {
        const cell = value(entry) ?? undefined
        return [name, type === 'TIMESTAMP' ? (new Date(cell as number).toJSON() ?? undefined) : cell]
      })
      const json = `${JSON.stringify(Object.fromEntries(cells))}\n`
      lines.push({ at: Date.parse(entry.timestamp), json })
      batch.bytes += 64 + json.length
      batch.rows++
    },
    async finish() {
      return new TextEncoder().encode(
        lines
          .sort((a, b) => a.at - b.at)
          .map(({ json }) => json)
          .join(''),
      )
    },
  }
  return batch
}
