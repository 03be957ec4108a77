import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { config } from '../../templates/analytics.config.ts'
import { type Row, withLake } from '../../templates/query/duckdb.ts'
import { runVerify } from '../../templates/query/verify.ts'
import type { Mark } from '../../templates/src/types.ts'
import { type Settings, wire } from '../../templates/src/wiring.ts'
import { stockDuckDB } from '../query/support.ts'
import { type LivingLogs, ROW } from './living-logs.ts'

/** The jobs and the lake of a project, in this process alone. Files must have been quiet for half a minute to be at their end. */
export const open = (dir: string, over: Partial<Settings> = {}) =>
  wire({ ...config, source: join(dir, 'logs'), lake: join(dir, 'lake'), before: '0s', settle: 30, workers: 1, ...over })

export interface Worker {
  process: ChildProcess
  /** What its runs reported as errors. */
  errors: { job: string; errors: unknown[] }[]
  isReady: Promise<unknown>
  go(): void
  /** Lets it finish what it is at. */
  stop(): Promise<void>
  kill(): Promise<void>
}

/** A process of its own with a project's jobs, to be run in turn without a pause; `script` is the bundled worker. */
export function startWorker(script: string, jobs: string, settings: Partial<Settings> = {}): Worker {
  const cwd = join(dirname(script), '../..')
  const child = fork(script, [jobs, JSON.stringify(settings)], { cwd, execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL')) // also where the test has failed
  const errors: Worker['errors'] = []
  const isReady = new Promise((resolve, reject) => {
    child.on('message', (message) => (message === 'ready' ? resolve(null) : errors.push(message as (typeof errors)[0])))
    child.on('exit', (code, signal) =>
      reject(new Error(`the worker ended with ${code ?? signal} before it was asked to`)),
    )
  })
  isReady.catch(() => {}) // told to whoever waits for it
  const exit = once(child, 'exit')
  return {
    process: child,
    errors,
    isReady,
    go: () => child.send('go'),
    async stop() {
      child.send('stop')
      await exit
    },
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const filesBelow = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    : []

/** What a process that was killed left behind: temporaries, locks, links of a reader. */
export const remains = (dir: string) =>
  ['.tmp', '.snapshots'].flatMap((name) =>
    existsSync(join(dir, 'lake', name)) ? readdirSync(join(dir, 'lake', name)).map((file) => `${name}/${file}`) : [],
  )

/** Throws unless these rows are some of what the logs hold, none of them more often than there. */
export async function expectNoneTooMany(dir: string, expected: readonly string[]): Promise<void> {
  const left = new Map<string, number>()
  for (const row of expected) left.set(row, (left.get(row) ?? 0) + 1)
  const rows = await withLake(open(dir).lake, ({ rows }) => rows(`SELECT ${ROW} AS row FROM analytics`))
  for (const { row } of rows as { row: string }[]) left.set(row, (left.get(row) ?? 0) - 1)
  expect([...left].filter(([, count]) => count < 0)).toEqual([])
}

/**
 * One more run of each job, as any day has it, and then: the rows of the logs and no others, through the exact view, a
 * glob and the compacted files; the books balance; nothing is left of what was interrupted.
 */
export async function expectExactly(dir: string, logs: LivingLogs): Promise<void> {
  logs.settle()
  const expected = logs.rows()
  const { jobs, lake } = open(dir)
  const rowsOf = (rows: Row[]) => rows.map(({ row }) => row).sort()
  const exact = () => withLake(lake, ({ rows }) => rows(`SELECT ${ROW} AS row FROM analytics`))

  expect(await jobs.ingest(() => {})).toMatchObject({ errors: [], left: 0 })
  expect(rowsOf(await exact())).toEqual(expected)
  expect(await jobs.compact(() => {})).toMatchObject({ errors: [], conflicts: 0, left: 0 })
  expect(rowsOf(await exact())).toEqual(expected)
  for (const glob of ['**/compacted.parquet', '**/*.parquet']) {
    const sql = `SELECT ${ROW} AS row FROM read_parquet('${dir}/lake/analytics/${glob}', union_by_name = true)`
    const found = await (await stockDuckDB()).runAndReadAll(sql)
    expect(rowsOf(found.getRowObjectsJson() as Row[])).toEqual(expected)
  }
  const books: string[] = []
  expect(await runVerify(lake, { json: true }, (text) => books.push(text) > 0), books.join('')).toBe(0)
  expect(JSON.parse(books.join(''))).toMatchObject({ ledger: { lines: logs.lines(), in_lake: expected.length } })

  expect(remains(dir)).toEqual([])
  const files = filesBelow(join(dir, 'lake/analytics')).filter((path) => !path.startsWith('_state'))
  expect(files.filter((path) => !path.endsWith('/compacted.parquet'))).toEqual([])
  expect(await jobs.ingest(() => {})).toMatchObject({ sources: 0, rows: 0, errors: [] })
  expect(await jobs.compact(() => {})).toMatchObject({ compacted: 0, deleted: 0, errors: [] })
}

export const marksOf = (dir: string) => {
  const folder = join(dir, 'lake/analytics/_state/ingested/logs')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Mark)
}

/** Fragments that no mark lists: a run was cut short before its mark. */
export function unlisted(dir: string): string[] {
  const listed = new Set(marksOf(dir).flatMap(({ fragments }) => fragments.map(({ name }) => name)))
  const names = filesBelow(join(dir, 'lake/analytics')).map((path) => basename(path))
  return names.filter((name) => /^\d{10}-.*\.parquet$/.test(name) && !listed.has(name))
}
