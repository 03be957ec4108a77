import type { PipelineError } from '../types.ts'
import { type Job, type JobResult, wire } from '../wiring.ts'
import { type Flags, runCommand, UsageError } from './settings.ts'

/** The jobs of the wiring as commands. Progress and a summary for people on a terminal, one JSON document for programs. */
async function runJob(name: string, job: Job, flags: Flags): Promise<number> {
  const forPeople = flags.text || (process.stdout.isTTY && !flags.json)
  const showsProgress = forPeople && process.stderr.isTTY
  let result: JobResult | { errors: PipelineError[] }
  try {
    result = await job((soFar) => showsProgress && process.stderr.write(`\r\x1b[K${name}: ${summary(soFar)}`), flags)
  } catch (error) {
    if (error instanceof UsageError) throw error
    result = { errors: [{ where: name, message: (error as Error).message }] }
  }
  if (showsProgress) process.stderr.write('\r\x1b[K')
  process.stdout.write(forPeople ? `${name}: ${summary(result)}\n` : `${JSON.stringify(result)}\n`)
  if (forPeople) for (const { where, message } of result.errors) process.stderr.write(`  ${where}: ${message}\n`)
  return result.errors.length ? 1 : 0
}

/** Every count that is not zero: `3 sources, 1,200 lines, 1,190 rows, 1 error`. */
function summary(result: JobResult | { errors: PipelineError[] }): string {
  const counts = Object.entries(result).filter(([, value]) => typeof value === 'number' && value > 0)
  const parts = counts.map(([key, n]) => `${n.toLocaleString('en')} ${n === 1 ? key.replace(/s$/, '') : key}`)
  if (result.errors.length) parts.push(`${result.errors.length} error${result.errors.length > 1 ? 's' : ''}`)
  return parts.join(', ') || 'nothing to do'
}

await runCommand((flags) => {
  const jobs = Object.entries(wire(flags.settings).jobs) as [string, Job][]
  return Object.fromEntries(jobs.map(([name, job]) => [name, () => runJob(name, job, flags)]))
})
