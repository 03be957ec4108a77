import { gzipSync } from 'node:zlib'

/** An entry of an archive, as honest or hostile as a test wants it. */
export interface Entry {
  path: string
  text?: string | Uint8Array
  /** '0' a file, '2' a symbolic link, '5' a folder, 'g' and 'x' headers of pax, 'L' a long name of GNU. */
  type?: string
  mode?: number
  link?: string
}

export const tgz = (entries: readonly Entry[]) => gzipSync(tar(entries))

export function tar(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocks), Buffer.alloc(1024)])
}

function blocks({ path, text = '', type = '0', mode = 0o644, link = '' }: Entry): Buffer[] {
  const bytes = Buffer.from(text as string)
  const header = Buffer.alloc(512)
  header.write(path, 0, 100)
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
  header.fill(' ', 148, 156)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
}

export const paxRecord = (key: string, value: string) => {
  const rest = ` ${key}=${value}\n`
  const length = Buffer.byteLength(rest)
  const digits = String(length + String(length).length).length
  return `${length + digits}${rest}`
}

/** The files of a template below the one folder that archives begin with. */
export const template = (files: Record<string, string>) =>
  tgz(Object.entries(files).map(([path, text]) => ({ path: `template/${path}`, text })))
