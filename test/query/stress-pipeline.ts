import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { wire } from '../../templates/src/wiring.ts'

// The project's own ingest and compact over one small log after the other, until it is killed.
const lake = process.argv[2] as string
const source = join(lake, '..', 'logs')
mkdirSync(source)
const tuning = { maxEntriesPerFile: 12, workers: 1, settle: 0, before: '0', keep: 'forever', deleteSources: false }
const { jobs } = wire({ source, lake, prefix: 'analytics', granularity: 'day', ...tuning })
const HOURS = ['2026-01-01T10', '2026-01-01T11', '2026-01-02T00']

for (let log = 0; ; log++) {
  const entries = Array.from({ length: 30 }, (_, i) => ({
    _type: 'stoma_analytics',
    timestamp: `${HOURS[i % 3]}:00:${10 + i}.000Z`,
    gatewayName: 'gate',
    routePath: '/',
    method: 'GET',
    statusCode: 200,
    durationMs: 1,
    responseSize: 1,
    traceId: `source-${log}/${i}`,
  }))
  writeFileSync(join(source, 'next'), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  renameSync(join(source, 'next'), join(source, `${log}.ndjson`))
  const ingested = await jobs.ingest(() => {})
  const compacted = log % 2 ? await jobs.compact(() => {}) : { errors: [] }
  for (const { where, message } of [...ingested.errors, ...compacted.errors]) throw new Error(`${where}: ${message}`)
}
