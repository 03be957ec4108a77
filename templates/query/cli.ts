import { runCommand, UsageError } from '../src/worker/settings.ts'
import { runCompare } from './compare.ts'
import { withStorage } from './lake.ts'
import { runQuery } from './query.ts'
import { runReport } from './report.ts'
import { runVerify } from './verify.ts'

await runCommand((flags) => ({
  report: () =>
    withStorage(flags.settings, (lake) => {
      const { compare, check } = flags
      if (check && compare === undefined) throw new UsageError('--check goes with --compare')
      return compare === undefined ? runReport(lake, flags) : runCompare(lake, { ...flags, compare })
    }),
  query: () => withStorage(flags.settings, (lake) => runQuery(lake, flags)),
  verify: () => withStorage(flags.settings, (lake) => runVerify(lake, flags)),
}))
