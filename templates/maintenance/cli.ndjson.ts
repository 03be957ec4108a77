import { runCommand } from '../src/worker/settings.ts'
import { checkFlow } from './checks/flow.ts'
import { checkProject } from './checks/project.ts'
import { checkStore } from './checks/store.ts'
import { runDoctor } from './doctor.ts'

await runCommand((flags) => ({
  doctor: () => runDoctor(flags, { project: checkProject, store: checkStore, flow: checkFlow }),
}))
