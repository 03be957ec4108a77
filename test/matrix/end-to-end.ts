import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Answers } from '../../src/questions.ts'
import { RUNTIMES } from '../../src/runtimes.ts'
import type { AnalyticsEntry } from '../../templates/src/types.ts'
import { type Project, runScript, writeProject } from '../support/project.ts'
import { environmentFor } from '../support/runtimes.ts'

export interface Bucket {
  bucket: string
  region: string
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
}

const TRAFFIC = `import { makeTraffic } from './example/traffic.ts'
import { fileSink } from './src/policy/sinks.ts'
const sink = fileSink({ dir: 'fresh' })
await makeTraffic(sink, 300, 14)
await sink.close()
`
const ROWS = `SELECT epoch_ms(timestamp) AS ms, gatewayName, routePath, method, statusCode, durationMs, responseSize, traceId, dimensions
FROM analytics`

/**
 * A project as its user runs it, in its own runtime: requests through the policy, logs, ingest, compaction, more of it
 * all, and what DuckDB then reads. Resolves to the rows that were read, and those that the log lines say.
 */
export async function endToEnd(
  project: Project,
  bucket: Bucket | null,
): Promise<{ expected: string[]; rows: string[] }> {
  const { answers } = project
  const dir = writeProject('end-to-end', project)
  const env = { ...environmentFor(answers.runtime), ...(bucket && credentialsOf(bucket)) }
  const flags = bucket ? ['--lake', `s3://${bucket.bucket}`, '--endpoint', bucket.endpoint, '--region', 'auto'] : []
  const run = async (script: string, ...more: string[]) => {
    const ran = await runScript(dir, script, env, [...more, ...flags])
    if (ran.code !== 0) throw new Error(`${project.name}: ${script} ended with ${ran.code}: ${ran.output}`)
    return ran.stdout
  }
  const json = async (script: string, ...more: string[]) => JSON.parse(await run(script, ...more, '--json'))

  writeFileSync(join(dir, 'traffic.ts'), TRAFFIC)
  addScript(dir, 'traffic', `${RUNTIMES[answers.runtime].start} traffic.ts`)
  const traffic = async () => {
    const ran = await runScript(dir, 'traffic', env)
    if (ran.code !== 0) throw new Error(`${project.name}: the traffic ended with ${ran.code}: ${ran.output}`)
    return deliver(dir, answers.format)
  }

  const expected = await traffic()
  await json('ingest', '--settle', '0')
  if (answers.parquet !== 'ndjson') await json('compact', '--before', '12h')
  expected.push(...(await traffic()))
  const { sources } = await json('ingest', '--settle', '0')
  if (answers.parquet !== 'ndjson') await json('compact', '--before', '12h')
  const again = await json('ingest', '--settle', '0')
  if (sources !== 1 || again.sources !== 0) throw new Error(`${project.name}: a log was read twice, or never`)
  const { isBalanced } = await json('verify')
  if (!isBalanced) throw new Error(`${project.name}: the books do not balance`)
  const found: Record<string, unknown>[] = JSON.parse(await run('query', ROWS, '--json'))
  return { expected: expected.map(rowOf).sort(), rows: found.map((row) => JSON.stringify(Object.values(row))).sort() }
}

const credentialsOf = ({ accessKeyId, secretAccessKey }: Bucket) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
})

function addScript(dir: string, name: string, command: string): void {
  const path = join(dir, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  manifest.scripts[name] = command
  writeFileSync(path, JSON.stringify(manifest))
}

/** Moves what the policy wrote to where logs are read, as Logpush would deliver it if need be. The lines. */
function deliver(dir: string, format: Answers['format']): string[] {
  mkdirSync(join(dir, 'logs'), { recursive: true })
  return readdirSync(join(dir, 'fresh')).flatMap((name) => {
    const fresh = join(dir, 'fresh', name)
    const lines = readFileSync(fresh, 'utf8').trimEnd().split('\n')
    if (format === 'standard') renameSync(fresh, join(dir, 'logs', name))
    else {
      writeFileSync(join(dir, 'logs', `${name}.log.gz`), asTraceEvents(lines))
      rmSync(fresh)
    }
    return lines
  })
}

/** One event a line, in two gzip members. */
function asTraceEvents(lines: readonly string[]): Buffer {
  const events = lines.map((line) => {
    const Logs = [{ Level: 'log', Message: [line], TimestampMs: Date.now() }]
    return JSON.stringify({ EventType: 'fetch', Outcome: 'ok', ScriptName: 'shop', EventTimestampMs: Date.now(), Logs })
  })
  const half = events.length >> 1
  return Buffer.concat([events.slice(0, half), events.slice(half)].map((part) => gzipSync(`${part.join('\n')}\n`)))
}

/** The row that a log line stands for. */
function rowOf(line: string): string {
  const { timestamp, gatewayName, routePath, method, statusCode, durationMs, responseSize, traceId, dimensions } =
    JSON.parse(line) as AnalyticsEntry
  const values = [gatewayName, routePath, method, statusCode, durationMs, responseSize, traceId ?? null]
  return JSON.stringify([Date.parse(timestamp), ...values, dimensions ? JSON.stringify(dimensions) : null])
}
