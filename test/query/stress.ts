import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { withLake } from '../../templates/query/duckdb.ts'
import { lakeWriter, makeFolder, optionsOf } from './support.ts'

/** Reads for so long beside a writer that never rests; resolves to the number of reads and of ingested sources. */
export async function readBesideWriter(
  script: string,
  milliseconds: number,
): Promise<{ reads: number; sources: number }> {
  const folder = makeFolder()
  const lake = lakeWriter(folder.path)
  const writer = fork(join(import.meta.dirname, script), [folder.path], { execArgv: ['--import', 'tsx'] })
  const marks = lake.pathOf(`${lake.prefix}/_state/ingested/logs`)
  const countMarks = () => (existsSync(marks) ? readdirSync(marks).length : 0)
  try {
    while (countMarks() === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    let reads = 0
    for (const start = Date.now(); Date.now() - start < milliseconds; reads++) {
      const before = countMarks()
      const sources = await withLake(optionsOf(lake), ({ rows, broken }) => {
        expect(broken).toEqual([])
        return rows(`SELECT split_part(traceId, '/', 1) AS id, count(*) AS n, count(DISTINCT traceId) AS ids
          FROM analytics GROUP BY id ORDER BY substr(id, 8)::INT`)
      })
      // Whole sources only, each once, and every one that was there when the reader came.
      expect(sources).toEqual(sources.map((_, i) => ({ id: `source-${i}`, n: 30, ids: 30 })))
      expect(sources.length).toBeGreaterThanOrEqual(before)
    }
    expect(writer.exitCode).toBe(null)
    return { reads, sources: countMarks() }
  } finally {
    writer.kill('SIGKILL')
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
    folder.remove()
  }
}
