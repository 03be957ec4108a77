import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'vitest'
import { type Generated, type GenerateOptions, generateLogs } from '../support/generate.ts'
import type { Project } from './project.ts'

/** Runs statements in a stock DuckDB; rows of the last one, with plain numbers. */
export async function stockDuckDB(sql: string, cwd?: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const before = process.cwd()
  if (cwd) process.chdir(cwd)
  try {
    const statements = await connection.extractStatements(sql)
    let rows: Record<string, unknown>[] = []
    for (let i = 0; i < statements.count; i++)
      rows = (await (await (await statements.prepare(i)).runAndReadAll()).getRowObjectsJson()) as typeof rows
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])))
  } finally {
    process.chdir(before)
    connection.closeSync()
    instance.closeSync()
  }
}

const SUMS = `count(*) AS valid, sum(statusCode) AS "statusSum", sum(durationMs) AS "durationSum",
  sum(responseSize) AS "sizeSum", count(DISTINCT traceId) AS traces`

/**
 * Logs in, rows out, and nothing lost or doubled on the way: through the exact view, `analytics.sql` in a stock DuckDB,
 * a plain glob, and the compacted files, before and after compaction, and after every job has run twice.
 */
export async function balanceTheBooks(project: Project, granularity: string, options: GenerateOptions): Promise<void> {
  const logs = join(project.dir, 'logs')
  const lake = join(project.dir, 'lake')
  rmSync(logs, { recursive: true, force: true })
  rmSync(lake, { recursive: true, force: true })
  const made = await generateLogs(logs, options)
  const { lines, first: _first, last: _last, ...expected } = made
  const flags = ['--granularity', granularity, '--settle', '0']

  const ingested = await project.json<Record<string, number>>('ingest', flags)
  expect(ingested).toMatchObject({ lines, entries: made.valid, rows: made.valid, errors: [] })
  expect(Number(ingested.foreign) + Number(ingested.malformed)).toBe(lines - made.valid)
  await expectRows(project, flags, expected)
  expect(await project.json('ingest', flags)).toMatchObject({ sources: 0, rows: 0, errors: [] })

  // Up to a moment inside the traffic first, so that cold and warm hours stand side by side.
  const middle = await project.json<Generated>('compact', [...flags, '--before', '2026-03-01T00:00:00Z'])
  expect(middle).toMatchObject({ errors: [] })
  await expectRows(project, flags, expected)
  expect(await project.json('compact', [...flags, '--before', '0s'])).toMatchObject({ errors: [] })
  expect(await project.json('compact', [...flags, '--before', '0s'])).toMatchObject({ compacted: 0, absorbed: 0 })
  expect(await project.json('ingest', flags)).toMatchObject({ sources: 0, rows: 0, errors: [] })
  await expectRows(project, flags, expected)
  const [cold] = await stockDuckDB(`SELECT ${SUMS} FROM read_parquet('${lake}/analytics/**/compacted.parquet')`)
  expect(cold).toEqual(expected)
}

async function expectRows(project: Project, flags: string[], expected: object): Promise<void> {
  const [viaView] = await project.json<Record<string, unknown>[]>('query', [`SELECT ${SUMS} FROM analytics`, ...flags])
  expect(viaView).toEqual(expected)
  const exact = readFileSync(join(project.dir, 'analytics.sql'), 'utf8')
  const [viaSql] = await stockDuckDB(`${exact}\n;SELECT ${SUMS} FROM analytics`, project.dir)
  expect(viaSql).toEqual(expected)
  const everything = join(project.dir, 'lake/analytics/**/*.parquet')
  const [viaGlob] = await stockDuckDB(`SELECT ${SUMS} FROM read_parquet('${everything}', union_by_name = true)`)
  expect(viaGlob).toEqual(expected)
  expect(await project.json('verify', flags)).toMatchObject({ isBalanced: true, errors: [] })
}
