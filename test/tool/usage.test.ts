import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/args.ts'
import { filesOf, QUICK, run, scratch } from '../support/tool.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

describe('wrong usage', () => {
  it.each([
    [['app', '--runtim', 'node'], /Did you mean --runtime/],
    [['app', '--runtime', 'lambda'], /Values of --runtime: cloudflare, node, bun/],
    [['app', '--runtime', 'cloudflare', '--storage', 'local'], /a Worker has no disk/],
    [['app', '--runtime', 'node', '--trigger', 'queue'], /R2's notifications/],
    [['app', 'another'], /Unexpected argument "another"/],
    [['--install', 'false'], /Write --install or --no-install/],
    [['app', '--granularity'], /needs a value/],
    [['My App'], /my-app would do/],
    [['..'], /names no folder/],
    [['hono'], /the project depends on/],
    [['upgrade'], /Unknown flag --yes/],
    [['uprade'], /did you mean upgrade\?\n.*folder of that name: \.\/uprade/],
  ])('%j is exit 2, and writes nothing', async (args, message) => {
    const cwd = scratch()
    const words = await run(cwd, [...args, '--yes'])
    expect(words).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect(filesOf(cwd)).toEqual([])
  })

  it('is not the name of a folder that only looks like a command: as a path, or once it is there', async () => {
    const cwd = scratch()
    expect(await run(cwd, ['./stats', ...QUICK, '--dry-run'])).toMatchObject({ code: 0 })
    mkdirSync(join(cwd, 'stats'))
    expect(await run(cwd, ['stats', ...QUICK, '--dry-run'])).toMatchObject({ code: 0 })
  })

  it('is one JSON document under --json, whatever is wrong', async () => {
    const { code, stdout, stderr } = await run(scratch(), ['--runtime', '--json'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'USAGE', exitCode: 2 } })
  })
})

describe('a Node that is too old', () => {
  it('is told which one is needed, instead of a stack', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, '../old.cjs'), "Object.defineProperty(process.versions, 'node', { value: '18.20.8' })")
    const { code, stdout, stderr } = await run(cwd, ['app', ...QUICK], { NODE_OPTIONS: `--require ${cwd}/../old.cjs` })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error This is Node 18\.20\.8, and 20\.12\.0 or newer is needed\.\n.*Install a newer Node/)
    expect(filesOf(cwd)).toEqual([])
  })
})

describe('without a terminal', () => {
  it('asks nothing, and says what is missing and how to say it', async () => {
    const cwd = scratch()
    const { code, stdout } = await run(cwd, ['--json', '--runtime', 'bun', '--no-git'])
    expect(code).toBe(2)
    const { error } = JSON.parse(stdout)
    expect(error.missing).toEqual([
      ...[
        'dir',
        '--storage',
        '--granularity',
        '--parquet',
        '--max-entries',
        '--format',
        '--dashboard',
        '--pm',
        '--install',
      ],
    ])
    expect(filesOf(cwd)).toEqual([])
    const words = await run(cwd, ['--runtime', 'bun', '--no-git'])
    expect(words.stderr).toContain(error.command)
    // The command that it names is complete.
    const args = error.command.split(' ').filter((word: string) => word !== '--')
    expect(args.slice(0, 2)).toEqual(['npm', 'create'])
    expect(await run(cwd, [...args.slice(3), '--no-install'])).toMatchObject({ code: 0 })
  })

  it('is content with every answer given, without --yes', async () => {
    const flags =
      '--runtime node --storage local --granularity day --parquet ndjson --max-entries 9 --format standard --pm npm --no-install --no-git'
    expect(await run(scratch(), ['app', ...flags.split(' ')])).toMatchObject({ code: 0 })
  })
})

describe('output', () => {
  it('is one JSON document on stdout with --json', async () => {
    const { stdout, stderr } = await run(scratch(), ['app', '--json', ...QUICK])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      command: 'create',
      version,
      dryRun: false,
      name: 'app',
      dir: expect.stringMatching(/\/app$/),
      installed: false,
      git: false,
      next: ['cd app', 'npm install', 'npm run demo'],
      replay: expect.stringContaining('npm create stoma-analytics@'),
    })
  })

  it('is the version with --version', async () => {
    expect(await run(scratch(), ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('is help with --help, for every flag and without colour', async () => {
    const { code, stdout } = await run(scratch(), ['create', '--help'])
    expect(code).toBe(0)
    const flags =
      'runtime storage granularity parquet max-entries format trigger pm install no-install git no-git yes dry-run json'
    for (const flag of `${flags} force help version`.split(' ')) expect(stdout).toContain(`--${flag}`)
    expect(stdout).toContain('<cloudflare|node|bun|deno>')
    expect(stdout).not.toContain('\u001b')
  })

  it('fits a terminal of 80 columns, whatever is asked for help', async () => {
    for (const command of COMMANDS) {
      const { stdout } = await run(scratch(), [command, '--help'])
      expect(stdout, command).toContain('USAGE')
      expect(stdout.split('\n').filter((line) => line.length >= 80)).toEqual([])
    }
  })
})
