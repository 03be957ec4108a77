import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { CliError, messageOf } from '../errors.ts'
import { isSafePath } from '../upgrade/paths.ts'
import { type Archive, readTar } from './tar.ts'

/** A file of an overlay, as its author wrote it. */
export interface OverlayFile {
  /** Where it goes in a project, below the folders that say for which answers. */
  path: string
  text: string
  mode: '644' | '755'
}

/** What is allowed to come from elsewhere: far above any template, far below what hurts. */
export const BOUNDS = { packed: 10 << 20, unpacked: 50 << 20, file: 1 << 20, total: 10 << 20, files: 1000 }

/** The folders an archive begins with: the one that every archive of a repository has, then `subdir`. */
export function readArchive(packed: Uint8Array, subdir = ''): { files: OverlayFile[]; commit: string | undefined } {
  const { files, commit } = untar(packed)
  const prefix = subdir.split('/').filter((part) => part !== '' && part !== '.')
  const taken: OverlayFile[] = []
  for (const { path, bytes, isExecutable, other } of files) {
    const parts = path.replace(/^\.\//, 'here/').split('/')
    if (!isSafePath(parts.slice(1).join('/')) || !isSafePath(parts[0] as string) || /\p{Cc}/u.test(path)) {
      throw hostile(`it names ${JSON.stringify(path)}, which is no path a project could have`)
    }
    const inside = parts.slice(1)
    if (inside.length <= prefix.length || prefix.some((part, i) => inside[i] !== part)) continue
    const own = inside.slice(prefix.length).join('/')
    if (other) throw hostile(`${own} is ${other}`)
    if (bytes.length > BOUNDS.file) throw hostile(`${own} is larger than ${BOUNDS.file >> 20} MB`)
    taken.push({ path: own, text: decode(own, bytes), mode: isExecutable ? '755' : '644' })
  }
  checkTogether(taken)
  if (taken.length === 0) throw hostile(prefix.length > 0 ? `it has nothing in ${prefix.join('/')}/` : 'it is empty')
  return { files: taken.sort((a, b) => (a.path < b.path ? -1 : 1)), commit }
}

/** One hash over all names, modes and texts. */
export function overlayIntegrity(files: readonly OverlayFile[]): string {
  const hash = createHash('sha256')
  for (const { path, mode, text } of files) hash.update(`${path}\0${mode}\0${text}\0`)
  return `sha256-${hash.digest('base64')}`
}

function untar(packed: Uint8Array): Archive {
  if (packed.length > BOUNDS.packed) throw hostile(`it is larger than ${BOUNDS.packed >> 20} MB`)
  try {
    const isGzip = packed[0] === 0x1f && packed[1] === 0x8b
    return readTar(isGzip ? gunzipSync(packed, { maxOutputLength: BOUNDS.unpacked }) : packed)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw hostile(`it unpacks to more than ${BOUNDS.unpacked >> 20} MB`)
    }
    throw hostile(messageOf(error))
  }
}

/** What each of them could be, but not together: too many, too much, or two that one file system takes for the same. */
function checkTogether(files: readonly OverlayFile[]): void {
  if (files.length > BOUNDS.files) throw hostile(`it holds more than ${BOUNDS.files} files`)
  const total = files.reduce((sum, { text }) => sum + text.length, 0)
  if (total > BOUNDS.total) throw hostile(`its files hold more than ${BOUNDS.total >> 20} MB`)
  const seen = new Map<string, string>()
  for (const { path } of files) {
    const folded = path.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    if (other !== undefined) throw hostile(`${other} and ${path} are the same file to some file systems`)
    seen.set(folded, path)
  }
  for (const [folded, path] of seen) {
    for (let at = folded.indexOf('/'); at > 0; at = folded.indexOf('/', at + 1)) {
      const file = seen.get(folded.slice(0, at))
      if (file !== undefined) throw hostile(`${file} is a file, and ${path} wants it as a folder`)
    }
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  throw hostile(`${path} is no UTF-8 text`)
}

function hostile(why: string): CliError {
  return new CliError(`The template's archive is refused: ${why}.`, {
    code: 'TEMPLATE_REFUSED',
    hint: 'Nothing was written.',
  })
}
