import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CliError, messageOf } from './errors.ts'
import type { Planned } from './target.ts'

/**
 * Writes a plan, all of it or nothing: staged in a folder on the same file system, then moved into place. Whatever
 * fails on the way, a signal included, the target is afterwards as it was; files that were replaced are moved back.
 *
 * Each step is a synchronous call; signals are seen between steps, because the event loop gets its turn there.
 */
export async function emit(dir: string, plan: readonly Planned[], check: () => void): Promise<void> {
  const undo: (() => void)[] = []
  let seen = performance.now()
  const look = async () => {
    await turn()
    check()
    seen = performance.now()
  }
  const step = async (action: () => void, revert?: () => void) => {
    // A turn costs as much as a small write: one every few milliseconds is as good as one a step.
    if (performance.now() - seen > 3) await look()
    action()
    if (revert) undo.push(revert)
  }
  let staging = ''
  const fresh = !existsSync(dir)
  try {
    const home = fresh ? existingAncestor(dir) : dir
    await step(
      () => (staging = mkdtempSync(join(home, fresh ? `.${basename(dir)}-` : '.stoma-staging-'))),
      () => rmSync(staging, { recursive: true }),
    )
    const written = plan.filter(({ action }) => action !== 'same')
    const next = join(staging, 'new')
    for (const folder of new Set(written.map(({ path }) => dirname(join(next, path))))) {
      await step(() => mkdirSync(folder, { recursive: true }))
    }
    for (const { path, text, mode } of written) {
      await step(() => {
        // The umask decides about group and others, as for every file a person makes.
        writeFileSync(join(next, path), text, { flag: 'wx', mode: mode === '755' ? 0o777 : 0o666 })
      })
    }
    if (fresh) {
      await makeFolders(dirname(dir), step)
      await step(
        () => renameSync(next, dir),
        () => renameSync(dir, next),
      )
    } else {
      await moveEach(written, next, join(staging, 'old'), dir, step)
    }
    await look()
  } catch (error) {
    rollBack(undo, staging)
    throw asCliError(error)
  }
  // A fresh project took all there was along; the recursive way costs milliseconds only to find that out.
  if (fresh) rmdirSync(staging)
  else rmSync(staging, { recursive: true })
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

type Step = (action: () => void, revert?: () => void) => Promise<void>

async function moveEach(plan: readonly Planned[], from: string, kept: string, dir: string, step: Step): Promise<void> {
  await step(() => mkdirSync(kept))
  for (const [index, { path, action, merges }] of plan.entries()) {
    const to = join(dir, path)
    if (merges !== undefined) {
      if (readFileSync(to, 'utf8') !== merges) throw new Error(`${to} was changed while the project was being written`)
      await step(() => chmodSync(join(from, path), statSync(to).mode & 0o777))
    }
    await makeFolders(dirname(to), step)
    if (action === 'create' && existsSync(to)) throw new Error(`${to} appeared while the project was being written`)
    if (action !== 'create') {
      const old = join(kept, String(index))
      await step(
        () => renameSync(to, old),
        () => renameSync(old, to),
      )
    }
    await step(
      () => renameSync(join(from, path), to),
      () => rmSync(to),
    )
  }
}

async function makeFolders(dir: string, step: Step): Promise<void> {
  if (existsSync(dir)) return
  await makeFolders(dirname(dir), step)
  await step(
    () => mkdirSync(dir),
    () => rmdirSync(dir),
  )
}

function existingAncestor(dir: string): string {
  return existsSync(dir) ? dir : existingAncestor(dirname(dir))
}

/** Last step first. Stops where one fails: what is still to be restored lies in `staging`, which must then stay. */
function rollBack(undo: readonly (() => void)[], staging: string): void {
  try {
    for (const revert of undo.toReversed()) revert()
  } catch (cause) {
    throw new CliError(`Restoring the folder failed: ${messageOf(cause)}`, {
      code: 'ROLLBACK_FAILED',
      hint: `The files that were there before are in ${join(staging, 'old')}, numbered in the order they were moved.`,
      cause,
    })
  }
}

function asCliError(error: unknown): unknown {
  if (error instanceof CliError) return error
  const { code } = error as NodeJS.ErrnoException
  const what = code === 'ENOSPC' ? 'the disk is full' : messageOf(error)
  return new CliError(`Writing the project failed: ${what}.`, {
    code: 'WRITE_FAILED',
    hint: 'Nothing was changed. Try again once that is solved.',
    details: { cause: code },
    cause: error,
  })
}
