import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Answers } from '../../src/questions.ts'
import { projectOf, runScript, writeProject } from '../support/project.ts'
import { environmentFor } from '../support/runtimes.ts'

/**
 * A slow transform, as far as the first process goes: it dawdles until a second one has taken a log. Each process notes
 * itself once; with DIE a helping one is killed within its first log.
 */
const TRANSFORM = `import { appendFileSync, readFileSync } from 'node:fs'
import type { AnalyticsEntry } from '../types.ts'

const { PROCESSES = '', DIE, HELP } = process.env
const isHelper = process.send !== undefined
let isHelped = !HELP || isHelper
appendFileSync(PROCESSES, \`\${process.pid}\\n\`)

export const transform: ((entry: AnalyticsEntry) => AnalyticsEntry | null) | undefined = (entry) => {
  if (DIE && isHelper) process.kill(process.pid, 'SIGKILL')
  if (!isHelped) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    isHelped = readFileSync(PROCESSES, 'utf8').split('\\n').length > 2
  }
  return entry
}
`

export interface Run {
  code: number
  result: { sources: number; rows: number; errors: { where: string; message: string }[] }
  /** How many processes took part. */
  processes: number
}

/** A project whose logs may take long; `ingest` fills a lake of that name. */
export function slowProject(runtime: Answers['runtime'], parquet: Answers['parquet']) {
  const answers = {
    runtime,
    storage: 'local',
    granularity: 'day',
    parquet,
    maxEntries: 3000,
    format: 'standard',
  } as const
  const project = projectOf({ ...answers, trigger: 'cron', dashboard: false, pm: 'npm' })
  const dir = writeProject('parallel', { ...project, name: `${runtime}-${parquet}` })
  writeFileSync(join(dir, 'src/custom/transform.ts'), TRANSFORM)
  const logs = join(dir, 'logs')
  mkdirSync(logs)
  async function ingest(lake: string, workers: number, env: Record<string, string> = {}): Promise<Run> {
    const PROCESSES = join(dir, 'processes')
    rmSync(PROCESSES, { force: true })
    const flags = ['--lake', `./${lake}`, '--workers', String(workers), '--settle', '0', '--json']
    const ran = await runScript(dir, 'ingest', { ...environmentFor(runtime), ...env, PROCESSES }, flags)
    if (!ran.stdout) throw new Error(ran.output)
    const processes = readFileSync(PROCESSES, 'utf8').trim().split('\n').length
    return { code: ran.code, result: JSON.parse(ran.stdout), processes }
  }
  /** Kills the process that handed out logs once a helper has one; resolves when the helper is gone, too. */
  async function killFirst(lake: string): Promise<void> {
    const ended = ingest(lake, 2, { HELP: '1' }).catch(() => null) // it says nothing any more
    const started = () => {
      const file = join(dir, 'processes')
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []
    }
    while (started().length < 2) await setTimeout(20)
    const [first = 0, helper = 0] = started()
    process.kill(first, 'SIGKILL')
    await ended
    while (isAlive(helper)) await setTimeout(20)
  }
  return { dir, logs, ingest, killFirst, lake: (name: string) => contentOf(join(dir, name)) }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Every file of a lake by its path. Of a mark all but the time at which it was written. */
function contentOf(lake: string): Record<string, string> {
  const paths = existsSync(lake) ? readdirSync(lake, { recursive: true, encoding: 'utf8' }).sort() : []
  const files = paths.filter((path) => /\.\w+$/.test(path) && !path.startsWith('.tmp'))
  return Object.fromEntries(
    files.map((path) => {
      const bytes = readFileSync(join(lake, path))
      if (!path.endsWith('.json')) return [path, bytes.toString('base64')]
      const { at: _at, ...rest } = JSON.parse(bytes.toString())
      return [path, JSON.stringify(rest)]
    }),
  )
}
