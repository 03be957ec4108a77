import { runCommand } from '../src/worker/settings.ts'
import { withStorage } from './lake.ts'
import { runQuery } from './query.ts'
import { runReport } from './report.ts'
import { runVerify } from './verify.ts'

await runCommand((flags) => ({
  report: () => withStorage(flags.settings, (lake) => runReport(lake, flags)),
  query: () => withStorage(flags.settings, (lake) => runQuery(lake, flags)),
  verify: () => withStorage(flags.settings, (lake) => runVerify(lake, flags)),
}))
