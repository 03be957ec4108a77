import type { Answers } from '../questions.ts'
import type { Templates } from '../templates.ts'
import { renderOver } from './apply.ts'
import { fetchOverlay } from './fetch.ts'
import { overlayState, pinOf } from './state.ts'

/** All that `create` needs of an overlay; this module and what it imports are loaded for nobody else. */
export async function loadOverlay(source: string) {
  const overlay = await fetchOverlay(source)
  return {
    pin: pinOf(overlay),
    state: overlayState(overlay),
    render: (name: string, answers: Answers, templates: Templates, replay: string) =>
      renderOver(overlay.files, name, answers, templates, replay),
  }
}
