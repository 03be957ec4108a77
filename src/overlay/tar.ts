/** A file of an archive. */
export interface TarFile {
  /** As the archive has it, with slashes. */
  path: string
  bytes: Uint8Array
  isExecutable: boolean
  /** What it is, where it is no file: `a symbolic link`. */
  other: string | undefined
}

export interface Archive {
  files: TarFile[]
  /** What `git archive` notes in every archive it makes: 40 hex digits. */
  commit: string | undefined
}

const BLOCK = 512
const MAX_ENTRIES = 5000

/**
 * Reads a tar whole, and strictly: a wrong checksum or an end too early is an error, never a file that is missing.
 * Nothing touches a disk. Throws TarError.
 */
export function readTar(tar: Uint8Array): Archive {
  const files: TarFile[] = []
  let commit: string | undefined
  let next: Record<string, string> = {}
  let entries = 0
  for (let at = 0; ; ) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.length < BLOCK) throw new TarError('it ends in the middle')
    if (header.every((byte) => byte === 0)) return { files, commit }
    if (++entries > MAX_ENTRIES) throw new TarError(`it holds more than ${MAX_ENTRIES} entries`)
    checkSum(header)
    const size = octal(header, 124, 12)
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size)
    if (bytes.length < size) throw new TarError('it ends in the middle')
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK

    const type = String.fromCharCode(header[156] as number)
    const path = next.path ?? nameIn(header)
    if (type === 'g') commit = /^[0-9a-f]{40}$/.exec(records(bytes).comment ?? '')?.[0] ?? commit
    else if (type === 'x') next = records(bytes)
    else if (type === 'L') next = { path: text(bytes) }
    else {
      const other = type === '0' || type === '\0' ? undefined : (KINDS[type] ?? `of an unknown kind (${type})`)
      if (type !== '5') files.push({ path, bytes, isExecutable: (octal(header, 100, 8) & 0o100) !== 0, other })
      next = {}
    }
  }
}

export class TarError extends Error {}

const KINDS: Record<string, string> = {
  '1': 'a link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
}

/** The sum of all bytes of a header, its own field taken as blanks. */
function checkSum(header: Uint8Array): void {
  const sum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0)
  if (sum !== octal(header, 148, 8)) throw new TarError('it is no tar, or damaged')
}

function octal(header: Uint8Array, from: number, length: number): number {
  const digits = text(header.subarray(from, from + length)).trim()
  // GNU's form for what octal cannot hold begins with a high bit: beyond every bound here.
  if (!/^[0-7]*$/.test(digits)) throw new TarError('it holds a number that is none, or too large')
  return Number.parseInt(digits || '0', 8)
}

function nameIn(header: Uint8Array): string {
  const name = text(header.subarray(0, 100))
  const isUstar = text(header.subarray(257, 262)) === 'ustar'
  const prefix = isUstar ? text(header.subarray(345, 500)) : ''
  return prefix ? `${prefix}/${name}` : name
}

/** `<length> <key>=<value>\n`, the length counting all of it. */
function records(bytes: Uint8Array): Record<string, string> {
  const found: Record<string, string> = Object.create(null)
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(text(bytes.subarray(at, space)))
    if (space < 0 || !(length > space - at)) throw new TarError('an extended header is damaged')
    const [, key = '', value = ''] = /^([^=]*)=([\s\S]*)\n$/.exec(text(bytes.subarray(space + 1, at + length))) ?? []
    found[key] = value
    at += length
  }
  return found
}

/** Up to the first NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end))
  } catch {
    throw new TarError('a name in it is not UTF-8')
  }
}
