import { describe, expect, it } from 'vitest'
import { generateLogs } from '../support/generate.ts'
import { slowProject } from './share.ts'

const CASES = [
  ['node', 'duckdb-wasm'],
  ['bun', 'columnar'],
  ['bun', 'duckdb-wasm'],
  ['deno', 'columnar'],
  ['deno', 'duckdb-wasm'],
] as const

describe.each(CASES)('ingest in several processes on %s with %s', (runtime, parquet) => {
  it('gives the very lake that one process gives, also after one was killed', async () => {
    const project = slowProject(runtime, parquet)
    await generateLogs(project.logs, { lines: 40_000, files: 8 })
    expect((await project.ingest('alone', 1)).result.sources).toBe(8)
    const alone = project.lake('alone')
    const shared = await project.ingest('shared', 2, { HELP: '1' })
    expect([shared.code, shared.processes, shared.result.sources]).toEqual([0, 2, 8])
    expect(project.lake('shared')).toEqual(alone)
    const killed = await project.ingest('killed', 2, { HELP: '1', DIE: '1' })
    expect([killed.code, killed.result.sources]).toEqual([1, 7])
    expect(killed.result.errors.map(({ message }) => message).join()).toContain('SIGKILL')
    expect((await project.ingest('killed', 2)).result.sources).toBe(1)
    expect(project.lake('killed')).toEqual(alone)
    await project.killFirst('orphaned')
    expect((await project.ingest('orphaned', 1)).code).toBe(0)
    expect(project.lake('orphaned')).toEqual(alone)
  })
})
