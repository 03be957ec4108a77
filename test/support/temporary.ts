import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A temporary folder for the whole run, gone with it: miniflare removes its own without waiting for it, and a process
 * that a test kills removes nothing. Outside of the repository, since a project in one is made otherwise.
 */
export default function setup(): () => void {
  const before = process.env.TMPDIR
  const folder = mkdtempSync(join(tmpdir(), 'stoma-tests-'))
  chmodSync(folder, 0o1777) // as /tmp is: a test runs something as another user
  process.env.TMPDIR = folder
  return () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
