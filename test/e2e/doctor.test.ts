import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { config } from '../../templates/analytics.config.ts'
import { checkFlow } from '../../templates/maintenance/checks/flow.ts'
import { checkUpkeep } from '../../templates/maintenance/checks/upkeep.ts'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { generateLogs } from '../support/generate.ts'
import { emit, type Project } from './project.ts'

interface Diagnosis {
  findings: { check: string; what: string; mend?: string }[]
  toMend: number
}

let project: Project
const at = (path: string) => join(project.dir, path)
/** What is to be mended, after a run that must end with this code. */
async function toMend(code: number, ...flags: string[]): Promise<string[]> {
  const { findings, toMend } = await project.json<Diagnosis>('doctor', flags, code)
  const named = findings.filter(({ mend }) => mend).map(({ check, what }) => `${check}: ${what}`)
  expect(named).toHaveLength(toMend)
  return named
}

beforeAll(async () => {
  project = await emit('doctor')
})

describe('doctor', { timeout: 120_000 }, () => {
  it('tells a new project that it has no logs yet, and nothing else', async () => {
    expect(await toMend(4)).toEqual(['flow: ./logs: cannot read the log folder; create it or set `source`'])
  })

  it('finds nothing to mend where all is well, and leaves nothing behind', async () => {
    const hours = (n: number) => new Date(Date.now() - n * 3600_000).toISOString()
    await generateLogs(at('logs'), { lines: 500, rubbish: 0, from: hours(3), to: hours(1) })
    await project.json('ingest', ['--settle', '0'])
    expect(await toMend(0)).toEqual([])
    const { stdout, code } = await project.run('doctor')
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, 'Nothing to mend.'])
    expect(await project.json('verify', [])).toMatchObject({ isBalanced: true })
  })

  it('finds rejected lines, silence, logs that wait, and fragments that nobody compacts', async () => {
    writeFileSync(at('logs/bad.ndjson'), '{"_type":"stoma_analytics"}\n'.repeat(20))
    await project.json('ingest', ['--settle', '0'])
    expect(await toMend(4)).toEqual([
      expect.stringMatching(/^flow: 20 of 520 entries .* were rejected \(timestamp 20\)$/),
    ])
    const text = readFileSync(at('logs/traffic-0000.ndjson'), 'utf8')
    writeFileSync(at('logs/late.ndjson'), text.slice(text.indexOf('\n') + 1))
    const inThreeDays = Date.now() + 72 * 3600_000
    const storage = localStorageAdapter(at('lake'))
    const lake = { settings: { ...config, source: at('logs'), lake: at('lake') }, storage }
    const named: string[] = []
    for (const check of [checkFlow, checkUpkeep])
      for await (const { what, mend } of check(lake, inThreeDays)) if (mend) named.push(what)
    expect(named).toEqual([
      'no log was written to for 3 days',
      'waiting for an hour to be ingested: 1 log, such as late.ndjson',
      expect.stringMatching(/^20 of 520/),
      expect.stringMatching(/^\d fragments? should have been compacted two days ago$/),
    ])
  })

  it('finds partitions that are older than `keep`', async () => {
    await generateLogs(at('old'), { lines: 200, rubbish: 0, from: '2025-01-01T23:00:00Z', to: '2025-01-02T01:00:00Z' })
    const flags = ['--source', './old', '--settle', '0', '--prefix', 'old']
    await project.json('ingest', flags)
    await project.json('compact', flags)
    expect(await toMend(4, ...flags, '--keep', '30d')).toContain(
      "upkeep: older than keep: '30d', and still with rows: 2 partitions",
    )
    await project.json('retention', [...flags, '--keep', '30d'])
    expect(await toMend(0, ...flags, '--keep', '30d')).toEqual([])
  })

  it('says what is wrong with a lake that is not the one of the config', async () => {
    const named = await toMend(4, '--granularity', 'hour')
    expect(named[0]).toMatch(/^store: .*this lake is partitioned by day, the config says hour/)
  })

  it('looks at nothing where the command line cannot be meant, and says what can', async () => {
    const said = async (...words: string[]) => {
      const { code, stderr } = await project.run('doctor', ...words)
      return [code, stderr]
    }
    expect(await said('--keap', '30d')).toEqual([2, expect.stringMatching(/'--keap'; there are --from, .*--keep, /)])
    expect(await said('30d')).toEqual([2, expect.stringMatching(/^doctor takes flags only, no "30d"/)])
  })

  it('finds a package that is missing, one that is not the pinned one, and what an upgrade left', async () => {
    const manifest = at('package.json')
    const text = readFileSync(manifest, 'utf8')
    const edited = JSON.parse(text)
    Object.assign(edited.dependencies, { 'not-there-at-all': '^1.0.0', '@duckdb/duckdb-wasm': '1.27.0' })
    edited.engines.node = '>=99.1'
    mkdirSync(at('.stoma/conflicts'))
    try {
      writeFileSync(manifest, JSON.stringify(edited))
      const named = (await toMend(4)).filter((line) => line.startsWith('project'))
      expect(named).toEqual([
        `project: node ${process.versions.node} runs this`,
        'project: @duckdb/duckdb-wasm 1.28.0 is installed, package.json pins 1.27.0',
        'project: not-there-at-all is not installed',
        'project: An upgrade left conflicts',
      ])
    } finally {
      writeFileSync(manifest, text)
      rmSync(at('.stoma/conflicts'), { recursive: true })
    }
  })

  it('looks at what it can where the lake cannot be opened, and says why once', async () => {
    const bucket = await emit('doctor-s3', '--storage', 's3')
    const { findings } = await bucket.json<Diagnosis>('doctor', ['--lake', 's3://a-bucket'], 4)
    expect(findings.filter(({ what }) => what.includes('AWS_ACCESS_KEY_ID'))).toHaveLength(1)
    expect(findings.map(({ check }) => check)).toContain('project')
  })
})
