/** Preloaded into every measured process and those it starts: on exit it writes what it used to the folder BENCH_USAGE. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The largest resident set, in bytes. On Linux from /proc: there `maxRSS` is at least what the process that started this
 * one once held, because a child begins as its copy.
 */
function peakMemory(maxRSS) {
  if (process.platform !== 'linux') return maxRSS * 1024
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024
}

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeFileSync(
    join(process.env.BENCH_USAGE, `${process.pid}.json`),
    JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, rss: peakMemory(maxRSS) }),
  )
})
