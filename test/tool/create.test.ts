import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesOf, QUICK, run, scratch, snapshot } from '../support/tool.ts'

const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const manifestOf = (dir: string) => JSON.parse(read(dir, '.stoma/manifest.json'))

describe('create', () => {
  it('makes a project with --yes alone, in my-analytics', async () => {
    const cwd = scratch()
    const { code, stdout, stderr } = await run(cwd, QUICK)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/cd my-analytics\n\s+npm install\n\s+npm run demo/)
    expect(stdout).not.toContain('\u001b')
    expect(JSON.parse(read(cwd, 'my-analytics/package.json'))).toMatchObject({ name: 'my-analytics', private: true })
  })

  it('follows the answers given as flags', async () => {
    const cwd = scratch()
    const flags = '--runtime bun --granularity hour --parquet ndjson --max-entries 5000 --pm pnpm'.split(' ')
    const { stdout } = await run(cwd, ['app', ...flags, ...QUICK])
    expect(stdout).toMatch(/pnpm install\n\s+pnpm run demo/)
    expect(manifestOf(join(cwd, 'app')).answers).toEqual({
      runtime: 'bun',
      storage: 'local',
      granularity: 'hour',
      parquet: 'ndjson',
      maxEntries: 5000,
      format: 'standard',
      trigger: 'cron',
      dashboard: false,
      pm: 'pnpm',
    })
    expect(read(cwd, 'app/analytics.config.ts')).toMatch(/granularity: 'hour',[\s\S]*maxEntriesPerFile: 5_000,/)
    expect(JSON.parse(read(cwd, 'app/package.json')).scripts).toMatchObject({
      ingest: 'bun src/worker/standalone.ts ingest',
      test: 'bun test',
    })
  })

  it('leaves a manifest and the text of every file as it was emitted', async () => {
    const cwd = scratch()
    await run(cwd, ['app', ...QUICK])
    const dir = join(cwd, 'app')
    const { files, schema, generator, template } = manifestOf(dir)
    expect(schema).toBe(1)
    expect(generator.name).toBe('create-stoma-analytics')
    expect(template).toMatchObject({ source: 'builtin', integrity: expect.stringMatching(/^sha256-/) })
    const [pack = ''] = readdirSync(join(dir, '.stoma/base'))
    expect(pack).toBe(
      `${createHash('sha256')
        .update(read(dir, `.stoma/base/${pack}`))
        .digest('hex')}.json`,
    )
    const bases = JSON.parse(read(dir, `.stoma/base/${pack}`))
    for (const { path, base, mode } of files) {
      const text = readFileSync(join(dir, path))
      expect(base, path).toBe(createHash('sha256').update(text).digest('hex'))
      expect(text.equals(Buffer.from(bases[base])), path).toBe(true)
      expect(mode, path).toBe(statSync(join(dir, path)).mode & 0o100 ? '755' : '644')
    }
    const recorded = files.map(({ path }: { path: string }) => path)
    expect(filesOf(dir).filter((path) => !path.startsWith('.stoma/'))).toEqual(recorded.sort())
    expect(read(dir, '.gitattributes')).toContain('.stoma/** -text\n')
  })

  it('makes the same project, byte for byte, from the replay command', async () => {
    const cwd = scratch()
    await run(cwd, ['one/app', '--granularity', 'month', '--max-entries', '7', '--pm', 'yarn', ...QUICK])
    const { replay } = manifestOf(join(cwd, 'one/app'))
    const [pm, create, tool, ...args] = replay.split(' ')
    expect([pm, create, tool]).toEqual(['yarn', 'create', expect.stringMatching(/^stoma-analytics@\d/)])
    expect(read(cwd, 'one/app/README.md')).toContain(replay)
    await run(cwd, [...args, '--no-install', '--no-git'])
    expect(snapshot(join(cwd, 'app'))).toEqual(snapshot(join(cwd, 'one/app')))
  })

  it('takes create spelled out, and . for the folder it is in', async () => {
    const cwd = join(scratch(), 'here')
    mkdirSync(cwd)
    const { code, stdout } = await run(cwd, ['create', '.', ...QUICK])
    expect(code).toBe(0)
    expect(stdout).not.toContain('cd ')
    expect(JSON.parse(read(cwd, 'package.json')).name).toBe('here')
  })

  it('spells commands for the package manager that called it', async () => {
    const cwd = scratch()
    const env = { npm_config_user_agent: 'bun/1.3.14 npm/? node/v24' }
    const { stdout } = await run(cwd, ['app', ...QUICK], env)
    expect(stdout).toMatch(/bun install\n\s+bun run demo[\s\S]*bun create stoma-analytics@\S+ app --runtime/)
  })

  it('starts a repository, but not inside another', async () => {
    const cwd = scratch()
    await run(cwd, ['outer', '--yes', '--no-install'])
    expect(existsSync(join(cwd, 'outer/.git'))).toBe(true)
    await run(cwd, ['outer/inner', '--yes', '--no-install'])
    expect(existsSync(join(cwd, 'outer/inner/.git'))).toBe(false)
    expect(execFileSync('git', ['status', '--short'], { cwd: join(cwd, 'outer'), encoding: 'utf8' })).toContain(
      'inner/',
    )
  })

  it('goes on without git where there is none, unless it was asked for', async () => {
    const cwd = scratch()
    const quiet = await run(cwd, ['one', '--yes', '--no-install'], { PATH: '/nowhere' })
    expect(quiet).toMatchObject({ code: 0, stderr: expect.stringContaining('git init did not work') })
    const asked = await run(cwd, ['two', '--yes', '--no-install', '--git', '--json'], { PATH: '/nowhere' })
    expect(asked.code).toBe(1)
    expect(JSON.parse(asked.stdout).error.code).toBe('GIT_FAILED')
    expect(existsSync(join(cwd, 'two/package.json'))).toBe(true)
  })

  it('installs with the chosen package manager, and keeps the project when that fails', async () => {
    const cwd = scratch()
    const bin = join(cwd, 'bin')
    mkdirSync(bin)
    const pnpm = (exit: number) =>
      writeFileSync(join(bin, 'pnpm'), `#!/bin/sh\necho "$PWD $@"\nexit ${exit}\n`, { mode: 0o755 })
    const env = { PATH: `${bin}:${process.env.PATH}` }
    pnpm(0)
    const good = await run(cwd, ['good', '--yes', '--no-git', '--pm', 'pnpm', '--json'], env)
    expect(good.stderr).toBe(`${join(cwd, 'good')} install\n`)
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, installed: true, next: ['cd good', 'pnpm run demo'] })
    pnpm(3)
    const bad = await run(cwd, ['bad', '--yes', '--no-git', '--pm', 'pnpm', '--json'], env)
    expect(bad.code).toBe(1)
    expect(JSON.parse(bad.stdout).error).toMatchObject({
      code: 'INSTALL_FAILED',
      hint: expect.stringContaining(`cd ${join(cwd, 'bad')} && pnpm install`),
    })
    expect(existsSync(join(cwd, 'bad/package.json'))).toBe(true)
  })
})

describe('a target that is not empty', () => {
  it('passes with what any new project may find, and joins the lists of lines', async () => {
    const cwd = scratch()
    mkdirSync(join(cwd, '.git'))
    mkdirSync(join(cwd, '.vscode'))
    writeFileSync(join(cwd, 'LICENSE'), 'mine')
    writeFileSync(join(cwd, '.gitignore'), '# mine\r\n/lake/\r\n')
    const { code, stdout } = await run(cwd, ['.', '--json', ...QUICK])
    expect(code).toBe(0)
    expect(read(cwd, 'LICENSE')).toBe('mine')
    expect(read(cwd, '.gitignore')).toMatch(/^# mine\r\n\/lake\/\r\nnode_modules\/\r\n(?![\s\S]*\/lake\/)/)
    expect(JSON.parse(stdout).files).toContainEqual({ path: '.gitignore', action: 'merge' })
  })

  it('is refused with every collision, and not touched', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'package.json'), '{}')
    mkdirSync(join(cwd, 'src'))
    writeFileSync(join(cwd, 'src/types.ts'), 'mine')
    writeFileSync(join(cwd, 'notes.txt'), 'mine')
    const before = snapshot(cwd)
    const words = await run(cwd, ['.', ...QUICK])
    expect(words.code).toBe(1)
    expect(words.stderr).toMatch(/not empty.*overwritten:\n {2}package\.json\n {2}src\/types\.ts\n[\s\S]*--force/)
    const json = await run(cwd, ['.', '--json', ...QUICK])
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      error: {
        code: 'TARGET_NOT_EMPTY',
        exitCode: 1,
        collisions: ['package.json', 'src/types.ts'],
        others: ['notes.txt', 'package.json', 'src'],
      },
    })
    expect(snapshot(cwd)).toEqual(before)
  })

  it('is refused also where nothing collides', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'notes.txt'), 'mine')
    expect(await run(cwd, ['.', ...QUICK])).toMatchObject({ code: 1, stderr: expect.stringContaining('notes.txt') })
    expect(filesOf(cwd)).toEqual(['notes.txt'])
  })

  it('has only files of ours overwritten by --force, and none deleted', async () => {
    const cwd = scratch()
    await run(cwd, ['app', ...QUICK])
    const app = join(cwd, 'app')
    const fresh = snapshot(app)
    writeFileSync(join(app, 'src/types.ts'), 'edited')
    writeFileSync(join(app, 'src/mine.ts'), 'mine')
    const { code } = await run(cwd, ['app', '--force', ...QUICK])
    expect(code).toBe(0)
    expect(snapshot(app)).toEqual({ ...fresh, 'src/mine.ts': '644 mine' })
  })

  it('is refused even with --force where a folder or a link is in the way', async () => {
    const cwd = scratch()
    const outside = scratch()
    mkdirSync(join(cwd, 'package.json'))
    symlinkSync(outside, join(cwd, 'src'))
    const { code, stderr } = await run(cwd, ['.', '--force', ...QUICK])
    expect(code).toBe(1)
    expect(stderr).toMatch(/package\.json\n {2}src\//)
    expect(filesOf(outside)).toEqual([])
    expect(Object.keys(snapshot(cwd))).toEqual(['package.json', 'src'])
  })
})

describe('a target that cannot be', () => {
  it('is refused where it is a file, or lies in one', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'file'), 'mine')
    for (const dir of ['file', 'file/app', 'file/deep/app']) {
      const { code, stderr } = await run(cwd, [dir, '--force', ...QUICK])
      expect(code).toBe(1)
      expect(stderr).toMatch(/file is a file, not a folder/)
    }
    expect(snapshot(cwd)).toEqual({ file: '644 mine' })
  })

  it('is refused where nothing can be written', async () => {
    // Permissions do not hold back root; /proc does.
    const { code, stderr } = await run(scratch(), ['/proc/app', ...QUICK])
    expect(code).toBe(1)
    expect(stderr).toMatch(/\/proc cannot be written|Writing the project failed/)
  })
})

describe('a dry run', () => {
  it('writes nothing, and says what the real run does', async () => {
    const cwd = scratch()
    const args = ['deep/app', '--json', '--yes', '--no-install', '--git']
    const dry = await run(cwd, [...args, '--dry-run'])
    expect(filesOf(cwd)).toEqual([])
    const real = await run(cwd, args)
    const { files, ...rest } = JSON.parse(real.stdout)
    expect(JSON.parse(dry.stdout)).toEqual({ ...rest, files, dryRun: true, git: false })
    const listed = files.map(({ path }: { path: string }) => path).sort()
    expect(filesOf(join(cwd, 'deep/app')).filter((path) => !path.startsWith('.git/'))).toEqual(listed)
  })

  it('refuses what the real run would refuse', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'notes.txt'), 'mine')
    expect(await run(cwd, ['.', '--dry-run', ...QUICK])).toMatchObject({ code: 1 })
    const { stdout } = await run(cwd, ['.', '--dry-run', '--force', '--json', ...QUICK])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, dryRun: true })
    expect(filesOf(cwd)).toEqual(['notes.txt'])
  })
})
