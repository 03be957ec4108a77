import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { execute, TMP } from '../e2e/project.ts'
import { generateLogs } from '../support/generate.ts'
import { runScript } from '../support/project.ts'
import { releases, writeTree } from '../support/releases.ts'
import { edit, tool } from './project.ts'

/** All logs at once, and every hour is old enough. */
const FLAGS = ['--settle', '0', '--before', '0s']

/** Runs a command of the project as its npm script does, and reads its JSON. */
async function job(dir: string, command: string, ...args: string[]) {
  const file = ['report', 'query', 'verify'].includes(command) ? 'query/cli.ts' : 'src/worker/standalone.ts'
  const ran = await execute(process.execPath, ['--import', 'tsx', file, command, ...args, ...FLAGS, '--json'], dir)
  if (ran.code !== 0) throw new Error(`${command} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`)
  return JSON.parse(ran.stdout)
}

const rows = async (dir: string) => {
  const [{ n, plans }] = await job(dir, 'query', 'SELECT count(*) AS n, count(plan) AS plans FROM analytics')
  return { n, plans }
}

describe.each(releases())('a living project that $version made', ({ cells }) => {
  it('with a lake, a column of its own and a patch comes to today: it compiles, its tests pass, and no row is lost', async () => {
    const dir = join(TMP, 'living')
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
    writeTree(dir, cells.get('node-day-duckdb-wasm') as ReadonlyMap<string, string>)
    const column = "{ name: 'plan', type: 'VARCHAR', value: (entry) => entry.dimensions?.region },"
    edit(dir, 'src/custom/columns.ts', 'readonly Column[] = []', `readonly Column[] = [${column}]`)
    edit(dir, 'analytics.config.ts', 'settle: 5', 'settle: 1')
    edit(dir, 'src/policy/sinks.ts', /^/, '// patched by the night shift\n')

    const old = await generateLogs(join(dir, 'logs/old'), { lines: 3_000, files: 3 })
    await job(dir, 'ingest')
    await job(dir, 'compact')
    const late = await generateLogs(join(dir, 'logs/late'), { lines: 500, seed: 2 })
    await job(dir, 'ingest')
    const before = await rows(dir)
    expect(before).toEqual({ n: old.valid + late.valid, plans: old.valid + late.valid })

    expect(await tool(dir, 'upgrade')).toMatchObject({ code: 0, json: { conflicts: 0 } })
    expect(await rows(dir)).toEqual(before)
    for (const script of ['typecheck', 'test']) {
      const { code, output } = await runScript(dir, script)
      expect(code, output).toBe(0)
    }
    const fresh = await generateLogs(join(dir, 'logs/fresh'), { lines: 700, seed: 3 })
    await job(dir, 'ingest')
    await job(dir, 'compact')
    const total = before.n + fresh.valid
    expect(await rows(dir)).toEqual({ n: total, plans: total })
    expect(await job(dir, 'verify')).toMatchObject({ isBalanced: true })

    // From days to hours, by the steps that the refusal names.
    expect(await tool(dir, 'upgrade', '--set', 'granularity=hour')).toMatchObject({
      code: 1,
      json: { error: { code: 'LAKE_FIXED' } },
    })
    renameSync(join(dir, 'lake'), join(dir, 'lake-day'))
    expect((await tool(dir, 'upgrade', '--set', 'granularity=hour')).code).toBe(0)
    await job(dir, 'ingest')
    await job(dir, 'compact')
    expect(await rows(dir)).toEqual({ n: total, plans: total })
    expect(await job(dir, 'verify')).toMatchObject({ isBalanced: true })
  })
})
