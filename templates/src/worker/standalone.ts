import { runQuery } from '../query/query.ts'
import { runReport } from '../query/report.ts'
import { runVerify } from '../query/verify.ts'
import type { PipelineError } from '../types.ts'
import { type JobResult, wire } from '../wiring.ts'
import { type Flags, parseFlags, UsageError } from './settings.ts'

const readers = { report: runReport, query: runQuery, verify: runVerify }

/** The command line of the pipeline: the jobs of the wiring, `report`, `query` and `verify`; resolves to the exit code. */
async function main([command = '', ...args]: string[]): Promise<number> {
  const flags = parseFlags(args)
  const { jobs, lake } = wire(flags.settings)
  if (Object.hasOwn(jobs, command)) return runJob(command, jobs[command as keyof typeof jobs], flags)
  if (!Object.hasOwn(readers, command))
    throw new UsageError(
      `"${command}" is no command; there are ${[...Object.keys(jobs), ...Object.keys(readers)].join(', ')}`,
    )
  return readers[command as keyof typeof readers](lake, flags)
}

/** Progress and a summary for people on a terminal, one JSON document for programs. */
async function runJob(
  name: string,
  job: (onProgress: (result: JobResult) => void, flags: Flags) => Promise<JobResult>,
  flags: Flags,
) {
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
  const parts = counts.map(([key, value]) => `${value.toLocaleString('en')} ${key}`)
  if (result.errors.length) parts.push(`${result.errors.length} error${result.errors.length > 1 ? 's' : ''}`)
  return parts.join(', ') || 'nothing to do'
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
