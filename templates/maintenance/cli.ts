import { withStorage } from '../query/lake.ts'
import { bold, counted, print, renderErrors, renderTable } from '../query/table.ts'
import { columns } from '../src/schema.ts'
import { openEngine } from '../src/wiring/engine.ts'
import { type Flags, parseTime, runCommand } from '../src/worker/settings.ts'
import { checkFlow } from './checks/flow.ts'
import { checkProject } from './checks/project.ts'
import { checkStore } from './checks/store.ts'
import { checkUpkeep } from './checks/upkeep.ts'
import { runDoctor } from './doctor.ts'
import { createRetention } from './retention.ts'

/** Removes what is older than `keep`, or with `--dry-run` shows what that would be. */
async function runRetention({ settings, json, 'dry-run': isDry = false }: Flags, write = print): Promise<number> {
  const { prefix, granularity, keep } = settings
  if (keep === 'forever') {
    write(
      json
        ? '{"keep":"forever"}\n'
        : 'Rows are kept for ever: `keep` in analytics.config.ts says so. Try --keep 400d.\n',
    )
    return 0
  }
  const { merger } = openEngine()
  const result = await withStorage(settings, ({ storage }) =>
    createRetention({ storage, merger, columns, prefix, granularity }).run({ before: parseTime(keep), isDry }),
  )
  const { emptied, rejected, conflicts, errors } = result
  if (json) write(`${JSON.stringify({ isDry, ...result })}\n`)
  else {
    const what = `${counted(emptied.length, 'partition')} and ${counted(rejected, 'file')} of rejected lines`
    write(`${bold(`${isDry ? 'Would remove' : 'Removed'} ${what}, older than ${keep}`)}\n`)
    if (emptied.length > 0) write(renderTable(emptied.map((row) => ({ ...row }))))
    write(renderErrors(errors))
    if (conflicts > 0) write(`Changed meanwhile, so run it again: ${counted(conflicts, 'partition')}\n`)
  }
  return errors.length > 0 ? 1 : 0
}

await runCommand((flags) => ({
  retention: () => runRetention(flags),
  doctor: () => runDoctor(flags, { project: checkProject, store: checkStore, flow: checkFlow, upkeep: checkUpkeep }),
}))
