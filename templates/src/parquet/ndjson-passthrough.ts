import type { ColumnValue, ParquetWriter } from '../types.ts'

/**
 * NDJSON in place of Parquet, without any dependency: one object a row, timestamps in ISO, NULLs left out. It has no
 * footer, so `metadata` goes nowhere: there is no compactor for NDJSON, and readers go by the marks alone.
 */
export function ndjsonPassthroughWriter(): ParquetWriter {
  return {
    extension: '.ndjson',
    open(columns) {
      const lines: { at: number; json: string }[] = []
      let bytes = 0
      return {
        get rows() {
          return lines.length
        },
        get bytes() {
          return bytes
        },
        add(entry) {
          const row: Record<string, ColumnValue> = {}
          for (const { name, type, value } of columns) {
            const cell = value(entry) ?? undefined
            row[name] = type === 'TIMESTAMP' && cell !== undefined ? new Date(cell as number).toISOString() : cell
          }
          const json = JSON.stringify(row)
          bytes += json.length + 64
          lines.push({ at: Date.parse(row.timestamp as string), json })
        },
        async finish() {
          return Buffer.from(
            lines
              .sort((a, b) => a.at - b.at)
              .map(({ json }) => `${json}\n`)
              .join(''),
          )
        },
      }
    },
  }
}
