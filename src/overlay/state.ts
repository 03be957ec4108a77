import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OverlayPin } from '../manifest.ts'
import { type OverlayFile, overlayIntegrity } from './archive.ts'
import type { Overlay } from './fetch.ts'

/** What the manifest says of an overlay. */
export const pinOf = ({ source, commit, integrity }: Omit<Overlay, 'files'>): OverlayPin => ({
  source,
  ...(commit && { commit }),
  integrity,
})

/**
 * The file that keeps an overlay with the project, so that an upgrade needs nobody to be reachable: named by its content
 * and never changed, like the base texts.
 */
export function overlayState({ files, integrity }: Pick<Overlay, 'files' | 'integrity'>): {
  path: string
  text: string
} {
  const lines = files.map((file) => `  ${JSON.stringify(file)}`)
  return { path: pathOf(integrity), text: `[\n${lines.join(',\n')}\n]\n` }
}

const pathOf = (integrity: string) => `.stoma/overlay/${createHash('sha256').update(integrity).digest('hex')}.json`

/** The overlay that a project was made with; undefined where its file is gone or holds something else. */
export function readOverlayState(dir: string, { integrity }: OverlayPin): OverlayFile[] | undefined {
  try {
    const files: OverlayFile[] = JSON.parse(readFileSync(join(dir, pathOf(integrity)), 'utf8'))
    return Array.isArray(files) && overlayIntegrity(files) === integrity ? files : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
