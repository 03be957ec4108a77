import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLI, QUICK, run, scratch, snapshot, support } from '../support/tool.ts'

const withFault = (fault: string) => ({
  NODE_OPTIONS: `--import ${pathToFileURL(support('faults.mjs'))}`,
  FAULT: fault,
})

let template: string
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'create-stoma-template-'))
  await run(template, ['app', ...QUICK])
})
afterAll(() => rmSync(template, { recursive: true }))

/** A folder with a project in it, edited, so that --force has something to replace and to put back. */
function editedProject(): string {
  const cwd = scratch()
  cpSync(template, cwd, { recursive: true })
  writeFileSync(join(cwd, 'app/src/types.ts'), 'edited', { mode: 0o600 })
  writeFileSync(join(cwd, 'app/package.json'), '{}')
  writeFileSync(join(cwd, 'app/.gitignore'), 'mine\n')
  return cwd
}

describe('a disk that fails in the middle', () => {
  it.each(['mkdtempSync:1', 'writeFileSync:1', 'writeFileSync:20', 'renameSync:1', 'mkdirSync:4'])(
    'leaves nothing of a new project behind (%s)',
    async (fault) => {
      const cwd = scratch()
      const { code, stdout } = await run(cwd, ['deep/er/app', '--json', ...QUICK], withFault(`${fault}:ENOSPC`))
      expect(code).toBe(1)
      expect(JSON.parse(stdout).error).toMatchObject({ code: 'WRITE_FAILED', cause: 'ENOSPC', message: /disk is full/ })
      expect(snapshot(cwd)).toEqual({})
    },
  )

  it.each(['writeFileSync:2', 'renameSync:1', 'renameSync:2', 'renameSync:4', 'renameSync:5', 'mkdirSync:4'])(
    'leaves a folder as it was, also with --force (%s)',
    async (fault) => {
      const cwd = editedProject()
      const before = snapshot(cwd)
      const { code, stderr } = await run(
        cwd,
        ['app', '--force', '--granularity', 'hour', ...QUICK],
        withFault(`${fault}:EIO`),
      )
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Nothing was changed') })
      expect(snapshot(cwd)).toEqual(before)
    },
  )

  it('says where the old files are, should even putting them back fail', async () => {
    const cwd = editedProject()
    const args = ['app', '--force', '--json', ...QUICK]
    const { code, stdout } = await run(cwd, args, withFault('renameSync:3:EIO,rmSync:1:EIO'))
    expect(code).toBe(1)
    const { error } = JSON.parse(stdout)
    expect(error.code).toBe('ROLLBACK_FAILED')
    const [kept = ''] = error.hint.match(/\/\S+\/old/)
    expect(snapshot(kept)).toEqual({ 0: expect.stringContaining('mine') })
  })
})

describe('moving into a project that exists', () => {
  const INTO = ['--into', '.', '--yes', '--no-install', '--runtime', 'node']
  function existing(): string {
    const cwd = scratch()
    writeFileSync(join(cwd, 'package.json'), '{ "name": "shop" }', { mode: 0o600 })
    writeFileSync(join(cwd, '.gitignore'), 'mine\n')
    writeFileSync(join(cwd, 'index.js'), 'mine')
    return cwd
  }

  it.each(['mkdtempSync:1', 'writeFileSync:9', 'renameSync:1', 'renameSync:4', 'renameSync:60', 'mkdirSync:9'])(
    'leaves it as it was when the disk fails (%s)',
    async (fault) => {
      const cwd = existing()
      const before = snapshot(cwd)
      const { code, stderr } = await run(cwd, INTO, withFault(`${fault}:EIO`))
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Nothing was changed') })
      expect(snapshot(cwd)).toEqual(before)
    },
  )

  it('leaves it as it was when it is interrupted', async () => {
    const cwd = existing()
    const before = snapshot(cwd)
    expect(await interrupt(cwd, INTO, 'renameSync:50', 'SIGINT')).toBe(130)
    expect(snapshot(cwd)).toEqual(before)
  })

  it('gives up where package.json is edited meanwhile, and keeps that edit', async () => {
    const cwd = existing()
    const before = snapshot(cwd)
    const edit = () => writeFileSync(join(cwd, 'package.json'), '{ "name": "shop", "edited": true }')
    expect(await atStall(cwd, INTO, 'writeFileSync:9', edit)).toBe(1)
    expect(snapshot(cwd)).toEqual({ ...before, 'package.json': '600 { "name": "shop", "edited": true }' })
  })

  it('keeps the permissions of what it merges', async () => {
    const cwd = existing()
    await run(cwd, INTO)
    expect(snapshot(cwd)['package.json']).toMatch(/^600 [\s\S]*"shop"[\s\S]*analytics/)
  })
})

describe('somebody else at work in the same folder', () => {
  it('keeps a file that appears meanwhile, and leaves nothing of ours beside it', async () => {
    const cwd = scratch()
    const theirs = join(cwd, 'tsconfig.json')
    const code = await atStall(cwd, ['.', ...QUICK], 'renameSync:2', () => writeFileSync(theirs, 'theirs'))
    expect(code).toBe(1)
    expect(snapshot(cwd)).toEqual({ 'tsconfig.json': '644 theirs' })
  })
})

describe('a signal in the middle', () => {
  it.each([
    ['SIGINT', 130, 'writeFileSync:15'],
    ['SIGTERM', 143, 'writeFileSync:15'],
    ['SIGHUP', 129, 'writeFileSync:15'],
    ['SIGINT', 130, 'renameSync:1'],
  ] as const)('%s leaves nothing of a new project behind, exit %i (%s)', async (signal, code, fault) => {
    const cwd = scratch()
    expect(await interrupt(cwd, ['app', ...QUICK], fault, signal)).toBe(code)
    expect(snapshot(cwd)).toEqual({})
  })

  it.each(['writeFileSync:2', 'renameSync:2', 'renameSync:5'])(
    'leaves a folder as it was, also with --force (%s)',
    async (fault) => {
      const cwd = editedProject()
      const before = snapshot(cwd)
      expect(await interrupt(cwd, ['app', '--force', '--granularity', 'hour', ...QUICK], fault, 'SIGTERM')).toBe(143)
      expect(snapshot(cwd)).toEqual(before)
    },
  )

  it('does not stop a folder from being used afterwards', async () => {
    const cwd = scratch()
    mkdirSync(join(cwd, 'app'))
    await interrupt(cwd, ['app', ...QUICK], 'renameSync:3', 'SIGINT')
    expect(snapshot(cwd)).toEqual({ app: 'folder 755' })
    expect(await run(cwd, ['app', ...QUICK])).toMatchObject({ code: 0 })
  })
})

/** Does something while the command is held up at a call; resolves to its exit code. */
function atStall(
  cwd: string,
  args: string[],
  fault: string,
  act: (child: ChildProcess) => void,
): Promise<number | null> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, ...withFault(`${fault}:stall`) }
    const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (chunk) => {
      if (String(chunk).includes('stalled')) act(child)
    })
    child.on('close', resolve)
  })
}

const interrupt = (cwd: string, args: string[], fault: string, signal: NodeJS.Signals) =>
  atStall(cwd, args, fault, (child) => child.kill(signal))
