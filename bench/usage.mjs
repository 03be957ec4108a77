/** Preloaded into every measured process and those it starts: on exit it writes what it used to the folder BENCH_USAGE. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeFileSync(
    join(process.env.BENCH_USAGE, `${process.pid}.json`),
    JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, rss: maxRSS * 1024 }),
  )
})
