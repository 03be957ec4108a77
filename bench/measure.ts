import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * What a whole process took: seconds of wall and CPU time, and its largest resident set in bytes. Of one that starts
 * others it is the sum, so a peak is what they take if all are at theirs at once.
 */
export interface Usage {
  wall: number
  cpu: number
  rss: number
  stdout: string
}

export interface Contestant {
  name: string
  args: string[]
  cwd: string
  /** Another runtime than this one. */
  exec?: string
  env?: Record<string, string>
  /** Runs before each measured run: an empty target, an empty lake. */
  before?: () => void
  /** Runs after each: throws where the output is not what it should be. */
  check?: (usage: Usage) => void | Promise<void>
}

const preload = new URL('./usage.mjs', import.meta.url).href

/** One Node process from start to end. */
async function once({ name, args, cwd, exec = process.execPath, env, before, check }: Contestant): Promise<Usage> {
  before?.()
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const start = performance.now()
  const load = exec.endsWith('bun') ? ['--preload', fileURLToPath(preload)] : ['--import', preload]
  const child = spawn(exec, [...load, ...args], {
    cwd,
    env: { ...process.env, ...env, BENCH_USAGE: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const code = await new Promise((resolve) => child.on('close', resolve))
  const wall = (performance.now() - start) / 1000
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}${stdout}`)
  const all = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  const total = (what: 'cpu' | 'rss') => all.reduce((sum, process) => sum + process[what], 0)
  const usage: Usage = { wall, stdout, cpu: total('cpu'), rss: total('rss') }
  rmSync(folder, { recursive: true })
  await check?.(usage)
  return usage
}

export const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number

/** Runs all contestants in turn, `rounds` times after one that is not counted; medians by name. */
export async function race(contestants: Contestant[], rounds: number): Promise<Map<string, Usage>> {
  const runs = new Map<string, Usage[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const contestant of contestants) {
      const usage = await once(contestant)
      if (round > 0 || rounds === 0) runs.get(contestant.name)?.push(usage)
    }
  const summarise = (all: Usage[]): Usage => ({
    wall: median(all.map(({ wall }) => wall)),
    cpu: median(all.map(({ cpu }) => cpu)),
    rss: median(all.map(({ rss }) => rss)),
    stdout: all.at(-1)?.stdout ?? '',
  })
  return new Map([...runs].map(([name, all]) => [name, summarise(all)]))
}

export function printTable(title: string, head: string[], rows: string[][]): void {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  console.log(`\n### ${title}\n\n${line(head)}\n${line(head.map(() => '---'))}\n${rows.map(line).join('\n')}`)
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`
export const ratio = (a: number, b: number) => (a / b).toFixed(2)
