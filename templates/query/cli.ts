import { wire } from '../src/wiring.ts'
import { runCommand } from '../src/worker/settings.ts'
import { runCompare } from './compare.ts'
import { runQuery } from './query.ts'
import { runReport } from './report.ts'
import { runVerify } from './verify.ts'

await runCommand((flags) => {
  const { lake } = wire(flags.settings)
  return {
    report: () => {
      const { compare } = flags
      return compare === undefined ? runReport(lake, flags) : runCompare(lake, { ...flags, compare })
    },
    query: () => runQuery(lake, flags),
    verify: () => runVerify(lake, flags),
  }
})
