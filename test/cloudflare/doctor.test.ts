import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { config } from '../../templates/analytics.config.ts'
import { checkRuns } from '../../templates/maintenance/checks/runs.ts'
import { memoryStorage } from '../../templates/src/storage/memory.ts'
import { lastKey } from '../../templates/src/worker/jobs.ts'
import { emit } from '../e2e/project.ts'

describe('doctor of a Worker', { timeout: 120_000 }, () => {
  it('tells jobs that failed, fell silent or never ran, and those that are well', async () => {
    const storage = memoryStorage()
    const now = Date.UTC(2026, 2, 4, 12)
    const told = async () => {
      const findings: [string, boolean][] = []
      for await (const { what, mend } of checkRuns({ storage, settings: config }, now))
        findings.push([what, Boolean(mend)])
      return findings
    }
    const ran = (job: 'ingest' | 'compact', hoursAgo: number, ...errors: object[]) => {
      const outcome = { at: new Date(now - hoursAgo * 3600_000).toISOString(), errors }
      return storage.put(lastKey(job), Buffer.from(JSON.stringify(outcome)), 'absent')
    }
    await ran('ingest', 0.1)
    expect(await told()).toEqual([
      ['ingest ran 6 minutes ago', false],
      ['compact has never run on ./lake', true],
    ])
    await storage.delete([lastKey('ingest')])
    await ran('ingest', 5)
    await ran('compact', 2, { where: '2026/03/01', message: 'no such bucket' })
    expect(await told()).toEqual([
      ['ingest ran 5 hours ago', true],
      ['compact ran 2 hours ago and failed: no such bucket', true],
    ])
  })

  it('finds where wrangler.jsonc and cloudflare.config.ts disagree', async () => {
    const project = await emit('doctor-cloudflare', '--runtime', 'cloudflare')
    const path = join(project.dir, 'wrangler.jsonc')
    const text = readFileSync(path, 'utf8')
    const edited = text
      .replace('"bucket_name": "doctor-cloudflare-lake"', '"bucket_name": "lake"')
      .replace('"7 * * * *"', '"7 3 * * *"')
    writeFileSync(path, edited)
    const { findings } = await project.json<{ findings: { check: string; what: string; mend?: string }[] }>(
      'doctor',
      [],
      4,
    )
    expect(findings.filter(({ check, mend }) => check === 'wrangler' && mend).map(({ what }) => what)).toEqual([
      'LAKE is bound to lake in one, it is doctor-cloudflare-lake in the other',
      'nothing runs at "7 * * * *"',
      'no job is known for the cron "7 3 * * *"',
    ])
    expect(findings.filter(({ check, mend }) => check === 'project' && mend)).toEqual([])
  })
})
