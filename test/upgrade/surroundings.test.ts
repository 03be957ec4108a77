import { spawn } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CLI, run, scratch, snapshot } from '../support/tool.ts'
import { CLASH, clash, committed, edit, git, oldProject, read, tool } from './project.ts'

describe('git', () => {
  it('a file that would be written and has uncommitted changes makes the upgrade refuse; any other does not', async () => {
    const dir = committed(oldProject())
    edit(dir, 'src/index.ts', /$/, '// not in the plan\n')
    writeFileSync(join(dir, 'notes.txt'), 'untracked')
    edit(dir, CLASH.path, /$/, '// uncommitted\n')
    const before = snapshot(dir)
    expect(await tool(dir, 'upgrade')).toMatchObject({
      code: 1,
      json: { error: { code: 'DIRTY', dirty: [CLASH.path] } },
    })
    const after = snapshot(dir)
    expect({ ...after, '.git/index': '' }).toEqual({ ...before, '.git/index': '' })
    expect((await tool(dir, 'upgrade', '--dry-run')).code).toBe(0)
    git(dir, 'commit', '-qm', 'mine', CLASH.path)
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    expect(read(dir, CLASH.path)).toContain('// uncommitted')
  })
})

describe('the file system', () => {
  it('a link is never written through: the upgrade is refused, and names it', async () => {
    const dir = oldProject()
    const elsewhere = join(scratch(), 'theirs.ts')
    renameSync(join(dir, CLASH.path), elsewhere)
    symlinkSync(elsewhere, join(dir, CLASH.path))
    const before = snapshot(dir)
    const { code, json } = await tool(dir, 'upgrade')
    expect({ code, error: json.error }).toMatchObject({
      code: 1,
      error: { code: 'BLOCKED', blocked: [{ path: CLASH.path, why: expect.stringContaining('symbolic link') }] },
    })
    expect(snapshot(dir)).toEqual(before)
    expect((await tool(dir, 'eject', CLASH.path)).code).toBe(0)
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    expect(lstatSync(join(dir, CLASH.path)).isSymbolicLink()).toBe(true)
  })

  it('a folder that is a link is not written through either', async () => {
    const dir = oldProject()
    const elsewhere = join(scratch(), 'storage')
    renameSync(join(dir, 'src/storage'), elsewhere)
    symlinkSync(elsewhere, join(dir, 'src/storage'))
    const before = snapshot(elsewhere)
    expect(await tool(dir, 'upgrade')).toMatchObject({ code: 1, json: { error: { code: 'BLOCKED' } } })
    expect(snapshot(elsewhere)).toEqual(before)
  })

  it('a read-only file is upgraded and stays read-only, an executable one executable', async () => {
    const dir = oldProject()
    chmodSync(join(dir, CLASH.path), 0o444)
    chmodSync(join(dir, 'README.md'), 0o755)
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    expect(read(dir, CLASH.path)).toBe(CLASH.theirs)
    expect([CLASH.path, 'README.md'].map((path) => statSync(join(dir, path)).mode & 0o777)).toEqual([0o444, 0o755])
  })

  it('a folder where a file goes blocks the upgrade; a file where a new folder goes as well', async () => {
    const dir = oldProject()
    const { json } = await tool(dir, 'upgrade', '--dry-run')
    const fresh = json.files.find(
      ({ path, kind }: { path: string; kind: string }) => kind === 'created' && path.includes('/'),
    ).path
    mkdirSync(join(dir, fresh), { recursive: true })
    expect(await tool(dir, 'upgrade')).toMatchObject({ code: 1, json: { error: { blocked: [{ path: fresh }] } } })
    rmSync(join(dir, fresh), { recursive: true })
    writeFileSync(join(dir, fresh), 'mine\n')
    expect((await tool(dir, 'upgrade')).code).toBe(3)
    expect(read(dir, fresh)).toBe('mine\n')
  })
})

describe('a process', () => {
  it('that runs beside another is sent away or finds nothing to do, and the project is upgraded once', async () => {
    const dir = oldProject()
    clash(dir)
    edit(dir, CLASH.path, '// mine, and mine alone', '')
    const start = () =>
      new Promise<{ code: number | null; output: string }>((resolve) => {
        const child = spawn(process.execPath, [CLI, 'upgrade', '--json', '--conflict', 'theirs'], { cwd: dir })
        let output = ''
        child.stdout.on('data', (chunk) => {
          output += chunk
        })
        child.on('close', (code) => resolve({ code, output }))
      })
    const runs = await Promise.all([start(), start(), start()])
    for (const { code, output } of runs) {
      if (code !== 0) expect(['LOCKED', 'CHANGED_MEANWHILE', 'UNFINISHED']).toContain(JSON.parse(output).error.code)
    }
    expect(runs.filter(({ code }) => code === 0).length).toBeGreaterThan(0)
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(0)
  })
})

describe('checks', () => {
  it('--test installs, type-checks and tests with the project’s package manager, and never while conflicts stand', async () => {
    const bin = join(scratch(), 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho "$@" >> "$CALLS"\n[ "$2" != test ]\n', { mode: 0o755 })
    const env = (dir: string) => ({ PATH: `${bin}:${process.env.PATH}`, CALLS: join(dir, '../calls') })
    const dir = oldProject()
    const { code, stdout } = await run(dir, ['upgrade', '--test', '--json'], env(dir))
    expect(code).toBe(1) // its tests fail
    expect(JSON.parse(stdout).checks.slice(-2)).toEqual([
      { command: 'npm run typecheck', ok: true },
      { command: 'npm run test', ok: false },
    ])
    const clashing = oldProject()
    clash(clashing)
    expect((await run(clashing, ['upgrade', '--test'], env(clashing))).code).toBe(3)
    expect(() => read(clashing, '../calls')).toThrow()
  })
})
