import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { CliError } from '../../src/errors.ts'
import { abort, apply, resume, type Write } from '../../src/upgrade/apply.ts'
import { fingerprintOf, lookAt } from '../../src/upgrade/disk.ts'
import { type Files, realFiles } from '../../src/upgrade/files.ts'
import { LOCK } from '../../src/upgrade/lock.ts'
import { scratch, snapshot } from '../support/tool.ts'

/** Without waiting for the disk: many thousand calls. */
const quickFiles: Files = { ...realFiles, sync: () => {} }

/** Counts the calls that change the disk, and asks before each of them. */
function watched(before: (call: number) => void): { files: Files; calls: () => number } {
  let calls = 0
  const files = Object.entries(quickFiles).map(([name, call]) => [
    name,
    (...args: never[]) => {
      before(++calls)
      return (call as (...args: never[]) => unknown)(...args)
    },
  ])
  return { files: Object.fromEntries(files) as Files, calls: () => calls }
}

/** The n-th call does not happen, and neither does any after it: as if the process had been killed. */
const dyingAt = (n: number) =>
  watched((call) => {
    if (call >= n) throw new Error('killed')
  })

/** The n-th call fails, once, as a full disk does. */
const failingAt = (n: number) =>
  watched((call) => {
    if (call === n) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  })

/** A project with one of everything: replaced, new in a new folder, removed with its folder, made executable. */
function project(dir = scratch()): { dir: string; writes: Write[] } {
  for (const folder of ['.stoma', 'src/old', 'bin']) mkdirSync(join(dir, folder), { recursive: true })
  const before = {
    '.stoma/manifest.json': '{"v":1}\n',
    'src/a.ts': 'old a\n',
    'src/b.ts': 'old b\n',
    'src/old/gone.ts': 'gone\n',
    'bin/run': 'run\n',
    'mine.txt': 'mine\n',
  }
  for (const [path, text] of Object.entries(before)) writeFileSync(join(dir, path), text)
  chmodSync(join(dir, 'src/b.ts'), 0o600)
  const write = (path: string, text: string | null, mode = 0o644): Write => ({
    path,
    text,
    mode,
    before: fingerprintOf(lookAt(dir, path)),
  })
  const writes = [
    write('src/a.ts', 'new a\n'),
    write('src/b.ts', 'new b\n', 0o600),
    write('src/new/deep/c.ts', 'new c\n'),
    write('src/old/gone.ts', null),
    write('bin/run', 'run\n', 0o755),
    write('.stoma/manifest.json', '{"v":2}\n'),
  ]
  return { dir, writes }
}

const options = (files: Files, keepsUndo = false) => ({ command: 'upgrade', files, keepsUndo })

/** A lock of a process that is gone, as a kill leaves it. This process stands in for it, and is not gone. */
const forgetLock = (dir: string) => rmSync(join(dir, LOCK), { force: true })

type Tree = Record<string, string>
let old: Tree
let next: Tree
beforeAll(() => {
  // A killed process says nothing, but its stand-in would: that it cannot give its lock back.
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const home = mkdtempSync(join(tmpdir(), 'create-stoma-apply-'))
  const { dir, writes } = project(home)
  old = snapshot(dir)
  apply(dir, writes, options(quickFiles))
  next = snapshot(dir)
  rmSync(home, { recursive: true })
})

const isWritten = (dir: string) => snapshot(dir)['.stoma/manifest.json'] === next['.stoma/manifest.json']

/** Without what a kill may leave of our own: a lock's temporary name. */
function treeOf(dir: string) {
  return Object.fromEntries(Object.entries(snapshot(dir)).filter(([path]) => !path.startsWith('.stoma/lock')))
}

describe('a process that is killed at any call that changes the disk', () => {
  it('leaves a project that --continue makes new or finds old, and --abort makes old or finds done', () => {
    let calls = 0
    for (let n = 1; ; n++) {
      const killed = () => {
        const one = project()
        const dying = dyingAt(n)
        try {
          apply(one.dir, one.writes, options(dying.files))
          calls = n - 1
        } catch {
          // killed
        }
        forgetLock(one.dir)
        return { ...one, hasJournal: lookAt(one.dir, '.stoma/upgrade/journal.json').kind === 'file' }
      }
      const first = killed()
      if (calls > 0) break
      const isNew = isWritten(first.dir)
      expect(resume(first.dir, quickFiles), `call ${n}`).toBe(first.hasJournal)
      expect(treeOf(first.dir), `--continue after call ${n}`).toEqual(first.hasJournal || isNew ? next : old)

      const second = killed()
      expect(abort(second.dir, quickFiles) !== undefined, `call ${n}`).toBe(second.hasJournal)
      expect(treeOf(second.dir), `--abort after call ${n}`).toEqual(!second.hasJournal && isNew ? next : old)

      // A run anew finds its way as well, once the interrupted one is taken back.
      if (second.hasJournal || !isNew) {
        apply(second.dir, second.writes, options(quickFiles))
        expect(treeOf(second.dir), `again after call ${n}`).toEqual(next)
      }
    }
    expect(calls).toBeGreaterThan(30)
  }, 60_000)

  it('may be killed again while it continues or aborts', () => {
    for (const n of [24, 28, 32]) {
      for (const recover of [resume, abort]) {
        for (let m = 1; ; m++) {
          const { dir, writes } = project()
          expect(() => apply(dir, writes, options(dyingAt(n).files))).toThrow()
          forgetLock(dir)
          expect(lookAt(dir, '.stoma/upgrade/journal.json').kind).toBe('file')
          let isKilled = false
          try {
            recover(dir, dyingAt(m).files)
          } catch {
            isKilled = true
          }
          forgetLock(dir)
          recover(dir, quickFiles)
          expect(treeOf(dir), `${recover.name}, call ${n} then ${m}`).toEqual(recover === resume ? next : old)
          if (!isKilled) break
        }
      }
    }
  }, 60_000)
})

describe('a write that fails', () => {
  it('leaves the project as it was, whichever it is', () => {
    for (let n = 1; ; n++) {
      const { dir, writes } = project()
      const failing = failingAt(n)
      let error: unknown
      try {
        apply(dir, writes, options(failing.files))
      } catch (caught) {
        error = caught
      }
      if (failing.calls() < n) break
      forgetLock(dir)
      if ((error as CliError | undefined)?.code === 'CLEANUP_FAILED') resume(dir, quickFiles)
      const isDone = error === undefined || (error as CliError).code === 'CLEANUP_FAILED'
      expect(treeOf(dir), `call ${n}: ${error}`).toEqual(isDone ? next : old)
    }
  }, 60_000)

  it('says that nothing was changed, and why', () => {
    const { dir, writes } = project()
    const failing = {
      ...quickFiles,
      rename: () => {
        throw Object.assign(new Error('no'), { code: 'ENOSPC' })
      },
    }
    expect(() => apply(dir, writes, options(failing))).toThrow(/disk is full/)
    expect(treeOf(dir)).toEqual(old)
  })
})

describe('somebody else', () => {
  it('who edits a file after the plan was made keeps the edit', () => {
    const { dir, writes } = project()
    writeFileSync(join(dir, 'src/b.ts'), 'edited meanwhile\n')
    expect(() => apply(dir, writes, options(quickFiles))).toThrow(/src\/b\.ts was changed/)
    expect(treeOf(dir)).toMatchObject({
      'src/a.ts': old['src/a.ts'],
      'src/b.ts': expect.stringContaining('edited meanwhile'),
    })
  })

  it('who writes a file where a new one is about to go keeps it, and the rest is as it was', () => {
    const { dir, writes } = project()
    const intruding: Files = {
      ...quickFiles,
      link(from, to) {
        if (to.endsWith('c.ts')) writeFileSync(to, 'theirs\n')
        quickFiles.link(from, to)
      },
    }
    expect(() => apply(dir, writes, options(intruding))).toThrow()
    expect(treeOf(dir)).toMatchObject({
      'src/a.ts': old['src/a.ts'],
      '.stoma/manifest.json': old['.stoma/manifest.json'],
    })
    const kept = Object.values(snapshot(dir)).filter((what) => what.includes('theirs'))
    expect(kept).toHaveLength(1)
  })

  it('who edits a file after an interruption keeps the edit: --continue refuses, --abort saves it or leaves it in place', () => {
    let [saved, left] = [0, 0]
    for (let n = 1; n < 60; n++) {
      const { dir, writes } = project()
      try {
        apply(dir, writes, options(dyingAt(n).files))
        break
      } catch {
        forgetLock(dir)
      }
      if (lookAt(dir, '.stoma/upgrade/journal.json').kind === 'missing') continue
      writeFileSync(join(dir, 'src/a.ts'), 'my work\n')
      expect(() => resume(dir, quickFiles), `call ${n}`).toThrow(CliError)
      const { saved: copies } = abort(dir, quickFiles) as { saved: string[] }
      const place = copies.length > 0 ? '.stoma/aborted/src/a.ts' : 'src/a.ts'
      expect(readFileSync(join(dir, place), 'utf8'), `call ${n}`).toBe('my work\n')
      if (copies.length > 0) {
        saved++
        rmSync(join(dir, '.stoma/aborted'), { recursive: true })
        expect(treeOf(dir), `call ${n}`).toEqual(old)
      } else left++
    }
    expect(Math.min(saved, left)).toBeGreaterThan(0)
  }, 60_000)

  it('who runs an upgrade at the same time is sent away, and a dead one is not waited for', () => {
    const { dir, writes } = project()
    let second: unknown
    const meddling: Files = {
      ...quickFiles,
      rename(from, to) {
        try {
          apply(dir, writes, options(quickFiles))
        } catch (error) {
          second = error
        }
        quickFiles.rename(from, to)
      },
    }
    apply(dir, writes, options(meddling))
    expect(second).toMatchObject({ code: 'LOCKED' })
    expect(treeOf(dir)).toEqual(next)

    const other = project()
    const pid = 2 ** 22 + 1 // above what Linux gives
    const { host } = JSON.parse(lockText(other.dir))
    writeFileSync(join(other.dir, LOCK), JSON.stringify({ nonce: 'n', host, pid }))
    apply(other.dir, other.writes, options(quickFiles))
    expect(treeOf(other.dir)).toEqual(next)
  })
})

/** What a lock holds while it is held. */
function lockText(dir: string): string {
  let text = ''
  const { writes } = project()
  const peeking: Files = {
    ...quickFiles,
    removeAll(path) {
      text ||= readFileSync(join(dir, LOCK), 'utf8')
      quickFiles.removeAll(path)
    },
  }
  try {
    apply(dir, [{ ...(writes[0] as Write), before: 'nothing of the kind' }], options(peeking))
  } catch {
    // it was only to look
  }
  return text
}

it('an upgrade that left conflicts can be taken back until it is finished', () => {
  const { dir, writes } = project()
  apply(dir, writes, options(quickFiles, true))
  expect(treeOf(dir)).toMatchObject({ 'src/a.ts': next['src/a.ts'], '.stoma/undo': expect.anything() })
  writeFileSync(join(dir, 'src/a.ts'), 'half solved\n')
  expect(abort(dir, quickFiles)).toEqual({ saved: ['.stoma/aborted/src/a.ts'] })
  rmSync(join(dir, '.stoma/aborted'), { recursive: true })
  expect(treeOf(dir)).toEqual(old)
})
