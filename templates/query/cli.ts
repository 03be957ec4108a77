import { wire } from '../src/wiring.ts'
import { runCommand } from '../src/worker/settings.ts'
import { runQuery } from './query.ts'
import { runReport } from './report.ts'
import { runVerify } from './verify.ts'

await runCommand((flags) => {
  const { lake } = wire(flags.settings)
  return {
    report: () => runReport(lake, flags),
    query: () => runQuery(lake, flags),
    verify: () => runVerify(lake, flags),
  }
})
