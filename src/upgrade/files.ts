import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Every call by which an upgrade changes a disk. The tests let each of them be the last. Paths are absolute. */
export interface Files {
  /** Makes a folder, its parents too. */
  makeFolder(path: string): void
  /** Writes a new file. */
  write(path: string, content: string | Uint8Array, mode: number): void
  /** Replaces what lies at `to`. */
  rename(from: string, to: string): void
  /** The same file under a second name. Throws EEXIST where there is one already. */
  link(from: string, to: string): void
  unlink(path: string): void
  /** Removes a folder; false where it is not empty or not there. */
  removeEmpty(path: string): boolean
  /** Removes a folder of our own with all that is in it. */
  removeAll(path: string): void
  /**
   * Waits until the disk has these files, or the names in these folders. All at once: a file system that is told after the
   * last write commits them together, one after the other would take a hundred times as long.
   */
  sync(paths: readonly string[]): void
}

const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

export const realFiles: Files = {
  makeFolder: (path) => void mkdirSync(path, { recursive: true }),
  write(path, content, mode) {
    writeFileSync(path, content, { flag: 'wx', mode })
    chmodSync(path, mode) // whatever the umask says
  },
  rename: (from, to) => renameSync(from, to),
  link(from, to) {
    try {
      linkSync(from, to)
    } catch (error) {
      if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      // A file system without hard links: a copy serves as well.
      copyFileSync(from, to, constants.COPYFILE_EXCL)
    }
  },
  unlink: (path) => unlinkSync(path),
  removeEmpty(path) {
    try {
      rmdirSync(path)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return false
      throw error
    }
  },
  removeAll: (path) => rmSync(path, { recursive: true, force: true }),
  sync(paths) {
    for (const path of paths) {
      // Windows opens no folders, and keeps names safe by itself; of a file it wants a handle that may write.
      const isWindows = process.platform === 'win32'
      if (isWindows && statSync(path).isDirectory()) continue
      const handle = openSync(path, isWindows ? 'r+' : 'r')
      try {
        fsyncSync(handle)
      } finally {
        closeSync(handle)
      }
    }
  },
}

/** The parents of a path below a root, innermost first. */
export function foldersAbove(path: string): string[] {
  const parent = dirname(path)
  return parent === '.' ? [] : [parent, ...foldersAbove(parent)]
}
