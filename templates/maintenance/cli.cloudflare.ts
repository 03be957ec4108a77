import { runCommand } from '../src/worker/settings.ts'
import { checkProject } from './checks/project.ts'
import { checkRuns } from './checks/runs.ts'
import { checkUpkeep } from './checks/upkeep.ts'
import { checkWrangler } from './checks/wrangler.ts'
import { runDoctor } from './doctor.ts'

const checks = { project: checkProject, wrangler: checkWrangler, runs: checkRuns, upkeep: checkUpkeep }

await runCommand((flags) => ({
  doctor: () => runDoctor(flags, checks),
}))
