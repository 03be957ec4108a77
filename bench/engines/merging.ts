import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { race, type Usage } from '../measure.ts'
import { ask, readBack } from '../read-back.ts'
import { printTable } from '../report.ts'
import { makeInputs } from './inputs.ts'
import { bytesIn, cells } from './lines.ts'
import { DUCKDB, intoOne, type Place, RUNTIMES, writes } from './peers.ts'

export interface Merged extends Usage {
  /** Rows of each fragment. */
  rows: number
  name: string
  bytes: number
}

const ROWS = 500_000

/** Fragments of one size after the other into one file. */
export async function benchMerging(place: Place): Promise<Merged[]> {
  const { folders, made } = await makeInputs(place.work, ROWS, 'random', ['plain'])
  const all: Merged[] = []
  for (const rows of [10_000, 500]) {
    const fragments = join(place.work, 'fragments')
    rmSync(fragments, { recursive: true, force: true })
    mkdirSync(fragments)
    const engine = [join(place.bundles, 'engine.mjs'), 'columnar', 'standard', folders.plain]
    // The last of the runtimes is a current one, whose ZSTD has checksums: what most fragments look like.
    const make = writes({ ...place, output: fragments }, 'fragments', engine, { ROWS: String(rows) })
    await race([{ ...make, exec: RUNTIMES.at(-1)?.exec }], 0)
    const groups = new Map<string, number>()
    const bytes = new Map<string, number>()
    const contestants = intoOne(place, fragments).map((one) => ({
      ...one,
      check: async () => {
        bytes.set(one.name, bytesIn(place.output))
        if (one.name.startsWith('cat')) return // what it writes is no Parquet file
        await readBack(`${place.output}/all.parquet`, made)
        groups.set(one.name, await rowGroupsOf(`${place.output}/all.parquet`))
      },
    }))
    const results = await race(contestants, 3)
    const merged = [...results].map(([name, usage]) => ({ rows, name, bytes: bytes.get(name) ?? 0, ...usage }))
    all.push(...merged)
    const base = merged.find(({ name }) => name === DUCKDB)
    printTable(
      `${ROWS / rows} fragments of ${rows.toLocaleString('en')} rows into one file`,
      [...HEAD, 'rows a row group', 'bytes a row'],
      merged.map((one) => [
        ...cells(one.name, one, base),
        groups.has(one.name) ? Math.round(ROWS / (groups.get(one.name) as number)).toLocaleString('en') : '–',
        (one.bytes / ROWS).toFixed(1),
      ]),
    )
  }
  return all
}

const HEAD = ['engine', 'CPU', 'ratio', 'wall', 'ratio', 'peak memory', 'ratio', 'output', 'ratio']

async function rowGroupsOf(file: string): Promise<number> {
  const [row] = await ask(`SELECT count(DISTINCT row_group_id) FROM parquet_metadata('${file}')`)
  return Number(row?.[0])
}
