import { CliError, messageOf } from '../errors.ts'
import type { Manifest } from '../manifest.ts'
import { fetchOverlay, type Overlay } from './fetch.ts'
import { readOverlayState } from './state.ts'

export interface OverlayNews {
  overlay: Overlay
  /** What a person is told: moved, or not reached. */
  said: string[]
}

/**
 * The overlay of a project as its source has it now. One that cannot be had, or must not be used, counts as unchanged:
 * the project's own copy takes its place, and that is said. Throws where there is no such copy either.
 */
export async function overlayNow(
  dir: string,
  { template }: Manifest,
  fetch: (source: string) => Promise<Overlay> = fetchOverlay,
): Promise<OverlayNews | undefined> {
  const pin = template.overlay
  if (!pin) return undefined
  const files = readOverlayState(dir, pin)
  const before = files && { source: pin.source, commit: pin.commit, integrity: pin.integrity, files }
  try {
    const now = await fetch(pin.source)
    if (now.integrity === pin.integrity) return { overlay: { ...now, commit: pin.commit }, said: [] }
    if (now.commit && now.commit === pin.commit) throw new Error(`it is not what commit ${short(now.commit)} was`)
    const [from, to] = [pin, now].map(({ commit, integrity }) => short(commit ?? integrity.slice(7)))
    return { overlay: now, said: [`The template ${pin.source} moved: ${from} → ${to}.`] }
  } catch (error) {
    const why = messageOf(error).replace(/\.?$/, '')
    if (before) return { overlay: before, said: [`${why}. Its files count as unchanged.`] }
    throw new CliError(`${why}, and .stoma/overlay has no copy of it.`, {
      code: 'TEMPLATE_GONE',
      hint: 'Restore .stoma/overlay from version control, or try again once it can be had. Nothing was changed.',
      cause: error,
    })
  }
}

const short = (id: string) => id.slice(0, 7)
