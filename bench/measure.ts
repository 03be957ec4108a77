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

const preload = new URL('./usage.mjs', import.meta.url)
/** By the environment, so that the processes which a measured one starts are measured too. */
const preloaded = (env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv => ({
  ...env,
  BENCH_USAGE: folder,
  NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} --import=${preload.href}`,
  BUN_OPTIONS: `--preload=${fileURLToPath(preload)}`,
})

/** One process from start to end. */
async function once({ name, args, cwd, exec = process.execPath, env, before, check }: Contestant): Promise<Usage> {
  before?.()
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const start = performance.now()
  const child = spawn(exec, args, {
    cwd,
    env: preloaded({ ...process.env, ...env }, folder),
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
  if (all.length === 0) throw new Error(`${name} did not say what it used`)
  const total = (what: 'cpu' | 'rss') => all.reduce((sum, process) => sum + process[what], 0)
  const usage: Usage = { wall, stdout, cpu: total('cpu'), rss: total('rss') }
  rmSync(folder, { recursive: true })
  await check?.(usage)
  return usage
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number) => sorted[Math.floor(index)] as number
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2
}

/** A run of more seconds than this is not repeated: what a cold start takes is lost in it. */
const LONG = 8

/** Runs all contestants in turn, `rounds` times after one that is not counted; medians by name. */
export async function race(contestants: Contestant[], rounds: number): Promise<Map<string, Usage>> {
  const runs = new Map<string, Usage[]>(contestants.map(({ name }) => [name, []]))
  const long = new Set<Contestant>()
  for (let round = 0; round <= rounds; round++)
    for (const contestant of contestants) {
      if (long.has(contestant)) continue
      const usage = await once(contestant)
      if (usage.wall > LONG) long.add(contestant)
      if (round > 0 || rounds === 0 || usage.wall > LONG) runs.get(contestant.name)?.push(usage)
    }
  const summarise = (all: Usage[]): Usage => ({
    wall: median(all.map(({ wall }) => wall)),
    cpu: median(all.map(({ cpu }) => cpu)),
    rss: median(all.map(({ rss }) => rss)),
    stdout: all.at(-1)?.stdout ?? '',
  })
  return new Map([...runs].map(([name, all]) => [name, summarise(all)]))
}

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [head, head.map(() => '---'), ...rows].map(line).join('\n')
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`
export const ratio = (a: number, b: number) => (a / b).toFixed(2)
