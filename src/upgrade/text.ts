/**
 * A text as merges see it: lines without their endings, and apart from them what an editor or git may have changed
 * about the file as a whole. Two texts are the same where their lines and the last line's ending are.
 */
export interface Text {
  lines: string[]
  /** False where the last line has no line ending. */
  isEnded: boolean
  hasBom: boolean
  /** What most lines end with. */
  eol: '\n' | '\r\n'
}

const BOM = '\uFEFF'

export function readText(raw: string): Text {
  const hasBom = raw.startsWith(BOM)
  const body = hasBom ? raw.slice(1) : raw
  const crlf = body.split('\r\n').length - 1
  const all = body.split('\n').length - 1
  const lines = body.replace(/\r\n/g, '\n').split('\n')
  const isEnded = lines.at(-1) === ''
  if (isEnded) lines.pop()
  return { lines, isEnded: isEnded && body !== '', hasBom, eol: crlf * 2 > all ? '\r\n' : '\n' }
}

export function writeText({ lines, isEnded, hasBom, eol }: Text): string {
  return (hasBom ? BOM : '') + lines.join(eol) + (isEnded ? eol : '')
}

/** Without a byte order mark, and with `\n` after each line: what is compared, hashed and merged. */
export const canonical = (raw: string): string => (raw.startsWith(BOM) ? raw.slice(1) : raw).replace(/\r\n/g, '\n')

export const isSame = (a: string, b: string): boolean => a === b || canonical(a) === canonical(b)

/** `next` in the line endings and with the byte order mark of `like`. */
export function inStyleOf(like: string, next: string): string {
  const { hasBom, eol } = readText(like)
  return writeText({ ...readText(next), hasBom, eol })
}

/** A file's text; undefined where its bytes are no UTF-8 or hold a NUL: then it is merged as a whole or not at all. */
export function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
