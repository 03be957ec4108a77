import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateLogs } from '../support/generate.ts'
import { emit } from './project.ts'

/** The flags of every command here: all logs at once, and every hour is old enough. */
const FLAGS = ['--settle', '0', '--before', '0s']

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replace(from, to))
}

describe('a user', () => {
  it('adds a column with one line, sees it for new rows, and fills it for old ones by a replay', async () => {
    const project = await emit('customize')
    const at = (path: string) => join(project.dir, path)
    const old = await generateLogs(at('logs/old'), { lines: 600, to: '2026-02-28T20:00:00Z' })
    await project.json('ingest', FLAGS)
    await project.json('compact', FLAGS)

    const column = "{ name: 'region', type: 'VARCHAR', value: (entry) => entry.dimensions?.region },"
    edit(at('src/custom/columns.ts'), 'readonly Column[] = []', `readonly Column[] = [${column}]`)
    const span = { from: '2026-03-01T01:00:00Z', to: '2026-03-01T02:00:00Z' }
    const fresh = await generateLogs(at('logs/new'), { lines: 300, seed: 2, ...span })
    await project.json('ingest', FLAGS)
    const count = 'SELECT count(*) AS requests, count(region) AS filled FROM analytics'
    const total = old.valid + fresh.valid
    expect(await project.json('query', [count, ...FLAGS])).toEqual([{ requests: total, filled: fresh.valid }])

    const window = ['--from', '2026-02-01', '--to', '2026-04-01']
    expect(await project.json('replay', [...window, ...FLAGS])).toMatchObject({ errors: [], rows: total })
    expect(await project.json('query', [count, ...FLAGS])).toEqual([{ requests: total, filled: total }])
    expect(await project.json('verify', FLAGS)).toMatchObject({ isBalanced: true })
    expect(await project.json('ingest', FLAGS)).toMatchObject({ sources: 0 })

    const drop = "(entry) => (entry.routePath === '/health' ? null : entry)"
    edit(at('src/custom/transform.ts'), '| undefined = undefined', `| undefined = ${drop}`)
    await project.json('replay', [...window, ...FLAGS])
    const health = "SELECT count(*) AS n FROM analytics WHERE routePath = '/health'"
    expect(await project.json('query', [health, ...FLAGS])).toEqual([{ n: 0 }])
    expect(await project.json('verify', FLAGS)).toMatchObject({ isBalanced: true })

    expect((await project.run('replay', '--from', '2026-02-01')).code).toBe(2)
  }, 120_000)
})
