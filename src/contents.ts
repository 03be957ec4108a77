import { stateFiles } from './manifest.ts'
import type { Answers } from './questions.ts'
import { render } from './render/index.ts'
import { replayOf } from './replay.ts'
import { integrityOf, readTemplates } from './templates.ts'

/** What moves into an existing project: loaded only for that. */
export type Into = typeof import('./into/index.ts')

/** All that a project holds in the beginning, the state for upgrades included, and the command that makes it again. */
export async function contentsOf(
  name: string,
  answers: Answers,
  template: string | undefined,
  into: Into | undefined,
): Promise<{ files: { path: string; text: string; mode?: '644' | '755' }[]; replay: string }> {
  const templates = readTemplates()
  const overlay = template === undefined ? undefined : await (await import('./overlay/index.ts')).loadOverlay(template)
  const origin = { overlay: overlay?.pin, home: into?.HOME }
  const replay = replayOf(name, answers, origin)
  const rendered = (overlay?.render ?? render)(name, answers, templates, replay)
  const files = into ? into.relocate(into.HOME, rendered) : rendered
  const state = stateFiles(name, answers, integrityOf(templates), files, origin)
  return { files: [...files, ...(overlay ? [overlay.state] : []), ...state], replay }
}
