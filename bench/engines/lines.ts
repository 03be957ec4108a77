import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { megabytes, race, ratio, type Usage } from '../measure.ts'
import { readBack } from '../read-back.ts'
import { printTable } from '../report.ts'
import { IDS, type Ids, KINDS, type Kind, makeInputs } from './inputs.ts'
import { DUCKDB, intoParquet, LIBRARIES, type Place } from './peers.ts'

const SIZES = (process.env.SIZES ?? '10000,100000,1000000').split(',').map(Number)
/** Who would take longer than this for the next size, in seconds, is not asked. */
const PATIENCE = 30

/** What one contestant took for one input, and the bytes that it wrote. */
export interface Measured extends Usage {
  kind: Kind
  ids: Ids
  lines: number
  name: string
  bytes: number
}

/** Lines into Parquet by every engine: whole processes, side by side, outputs read back; a table for each kind of input. */
export async function benchLines(place: Place, wanted: (part: string) => boolean): Promise<Measured[]> {
  const kinds = KINDS.filter(wanted)
  const all: Measured[] = []
  for (const ids of kinds.length > 0 ? IDS : []) {
    const tired = new Set<string>()
    for (const lines of SIZES) {
      const { folders, made } = await makeInputs(place.work, lines, ids, kinds)
      for (const kind of kinds) {
        const spared = ids === 'mixed' && lines > 100_000 ? LIBRARIES : []
        const contestants = intoParquet(place, kind, folders[kind]).filter(
          ({ name }) => !tired.has(kind + name) && !spared.includes(name),
        )
        const bytes = new Map<string, number>()
        const checked = contestants.map((one) => ({
          ...one,
          check: async () => {
            await readBack(`${place.output}/*.parquet`, made)
            bytes.set(one.name, bytesIn(place.output))
          },
        }))
        const results = await race(checked, lines === 100_000 ? 3 : 2)
        for (const [name, usage] of results) {
          all.push({ kind, ids, lines, name, bytes: bytes.get(name) ?? 0, ...usage })
          if (usage.wall * 10 > PATIENCE) tired.add(kind + name)
        }
        console.log(`measured: ${lines} lines, ${kind}, ${ids} ids`)
      }
    }
  }
  for (const kind of KINDS) for (const ids of IDS) print(kind, ids, all)
  return all
}

const HEAD = ['lines', 'engine', 'CPU', 'ratio', 'wall', 'ratio', 'peak memory', 'ratio', 'output', 'ratio']

function print(kind: Kind, ids: Ids, all: Measured[]): void {
  const rows = all.filter((one) => one.kind === kind && one.ids === ids)
  if (rows.length === 0) return
  const baseOf = (lines: number) => rows.find((one) => one.lines === lines && one.name === DUCKDB)
  printTable(
    `Into Parquet: ${kind}, ${ids} trace ids`,
    HEAD,
    rows.map((one) => [one.lines.toLocaleString('en'), ...cells(one.name, one, baseOf(one.lines))]),
  )
}

/** A row of a table, each figure followed by its ratio to that of native DuckDB on one thread. */
export function cells(name: string, one: Usage & { bytes: number }, base?: Usage & { bytes: number }): string[] {
  const to = (what: 'cpu' | 'wall' | 'rss' | 'bytes') => (base ? ratio(one[what], base[what]) : '')
  const seconds = (value: number) => `${value.toFixed(2)} s`
  return [
    ...[name, seconds(one.cpu), to('cpu'), seconds(one.wall), to('wall')],
    ...[megabytes(one.rss), to('rss'), `${(one.bytes / 1e6).toFixed(2)} MB`, to('bytes')],
  ]
}

export const bytesIn = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
