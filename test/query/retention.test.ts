import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createRetention } from '../../templates/maintenance/retention.ts'
import { runVerify } from '../../templates/query/verify.ts'
import { compactedKey, type Granularity, key20, rejectedKey } from '../../templates/src/lake/layout.ts'
import { openSnapshot } from '../../templates/src/lake/reader.ts'
import { duckdbWasmParquetMerger } from '../../templates/src/parquet/duckdb-wasm.ts'
import { columns } from '../../templates/src/schema.ts'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { askStock, type LakeWriter, lakeWriter, makeFolder, optionsOf, run } from './support.ts'

const folder = makeFolder()
afterAll(() => folder.remove())

/** January is compacted in part, February as well; a replay once made a row more of an hour in January. */
async function lakeOfTwoMonths(granularity: Granularity): Promise<LakeWriter> {
  const lake = lakeWriter(join(folder.path, granularity), granularity)
  await lake.found()
  const a = await lake.ingested('a', [
    { hour: '2026010110', rows: 40 },
    { hour: '2026012003', rows: 7 },
    { hour: '2026020105', rows: 3 },
  ])
  for (const fragment of a) await lake.compact([fragment])
  lake.remove(a)
  await lake.ingested('b', [{ hour: '2026010110', rows: 5 }], { lines: 7, rejected: { json: 2 } })
  await lake.ingested('c', [{ hour: '2026020106', rows: 2 }])
  return lake
}

const retain = (lake: LakeWriter, before: string, isDry = false) => {
  const { prefix, granularity } = lake
  const place = { storage: localStorageAdapter(lake.root), merger: duckdbWasmParquetMerger(), columns }
  return createRetention({ ...place, prefix, granularity }).run({ before: Date.parse(before), isDry })
}
const verify = async (lake: LakeWriter) =>
  (await run((write) => runVerify(optionsOf(lake), { json: true }, write))).json()

describe.each(['hour', 'day'] as const)('retention of partitions of a %s', (granularity) => {
  it('removes the rows for every reader, and the books stay balanced', async () => {
    const lake = await lakeOfTwoMonths(granularity)
    const dry = await retain(lake, '2026-02-01', true)
    expect(dry.emptied.map(({ rows }) => rows)).toEqual([7, 45])
    expect(await retain(lake, '2026-02-01')).toEqual(dry)
    expect((await askStock(lake, 'SELECT count(*)::INTEGER, min(timestamp)::VARCHAR FROM analytics'))[0]).toEqual([
      5,
      '2026-02-01 05:00:00',
    ])
    const { isBalanced, ledger, imbalances } = await verify(lake)
    expect(imbalances).toEqual([])
    expect({ isBalanced, ...ledger }).toMatchObject({ isBalanced: true, rows: 57, removed: -52, in_lake: 5 })
    expect(await retain(lake, '2026-02-01')).toMatchObject({ emptied: [], errors: [] })
  })

  it('leaves of a partition one file of next to nothing, which readers do not open again', async () => {
    const lake = lakeWriter(join(folder.path, granularity), granularity)
    const partition = granularity === 'day' ? '2026/01/01' : '2026/01/01/10'
    const key = compactedKey(lake.prefix, partition)
    expect(readdirSync(join(lake.pathOf(key), '..')).filter((name) => name.endsWith('.parquet'))).toEqual([
      'compacted.parquet',
    ])
    expect(statSync(lake.pathOf(key)).size).toBeLessThan(2500)
    const snapshot = await openSnapshot(optionsOf(lake))
    await snapshot.release()
    expect(snapshot.files.map(({ key }) => key).filter((key) => key.includes('/2026/01/'))).toEqual([])
  })

  it('finds rows that are lost or doubled in a partition it emptied, all the same', async () => {
    const lake = lakeWriter(join(folder.path, granularity), granularity)
    const late = await lake.fragments('late', [{ hour: '2026010112', rows: 4 }])
    lake.mark('late', late)
    expect((await verify(lake)).isBalanced).toBe(true)
    lake.remove(late)
    expect((await verify(lake)).imbalances).toEqual([
      {
        where: granularity === 'day' ? 'hour 20260101' : 'hour 2026010112',
        rule: 'rows by the marks and replays = rows in the lake',
        expected: 4,
        found: 0,
      },
    ])
  })
})

describe('npm run retention', { timeout: 120_000 }, () => {
  const call = (...args: string[]) => {
    const cli = join(import.meta.dirname, '../../templates/maintenance/cli.ts')
    const all = ['--import', 'tsx', cli, 'retention', '--lake', join(folder.path, 'cli'), ...args]
    const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  it('keeps all for ever unless told otherwise, shows what it would do, and does just that', async () => {
    const lake = lakeWriter(join(folder.path, 'cli'))
    await lake.found()
    await lake.ingested(
      'a',
      [
        { hour: '2026010110', rows: 40 },
        { hour: '2026020105', rows: 3 },
      ],
      { lines: 44, rejected: { json: 1 } },
    )
    expect(call()).toMatchObject({ status: 0, stdout: expect.stringContaining('for ever') })
    const dry = call('--keep', '2026-02-01', '--dry-run')
    expect(dry.stdout).toMatch(/^Would remove 1 partition and 0 files of rejected lines[\s\S]*2026\/01\/01 +40 /)
    expect(call('--keep', '2026-02-01', '--json').stdout).toMatch(/"emptied":\[\{"path":"2026\/01\/01","rows":40/)
    expect(call('--keep', 'ten days')).toMatchObject({ status: 2, stderr: expect.stringContaining('ten days') })
    expect(await localStorageAdapter(lake.root).head(rejectedKey(lake.prefix, key20('logs', 'a')))).not.toBeNull()
    expect(JSON.parse(call('--keep', '2126-01-01', '--json').stdout)).toMatchObject({ rejected: 1 })
  })
})
