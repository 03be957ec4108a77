import { appendFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MANIFEST } from '../../src/manifest.ts'
import { planUpgrade } from '../../src/upgrade/index.ts'
import { readProject } from '../../src/upgrade/project.ts'
import { VERSION } from '../../src/version.ts'
import { QUICK, run, scratch, snapshot } from '../support/tool.ts'
import { CLASH, clash, edit, oldProject, read, tool } from './project.ts'

describe('upgrade', () => {
  it('a dry run is the real run, not written; --check finds it with exit 4, and nothing afterwards', async () => {
    const dir = oldProject()
    edit(dir, 'analytics.config.ts', 'settle: 5', 'settle: 30')
    const before = snapshot(dir)
    const dry = await tool(dir, 'upgrade', '--dry-run')
    expect(dry).toMatchObject({ code: 0, json: { ok: true, dryRun: true, from: '0.1.0', version: VERSION } })
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(4)
    expect(snapshot(dir)).toEqual(before)

    const real = await tool(dir, 'upgrade')
    expect(real).toMatchObject({ code: 0, json: { dryRun: false, files: dry.json.files, writes: dry.json.writes } })
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(0)
    const after = snapshot(dir)
    expect(await tool(dir, 'upgrade')).toMatchObject({ code: 0, json: { writes: 0 } })
    expect(snapshot(dir)).toEqual(after)
    expect(read(dir, 'analytics.config.ts')).toContain('settle: 30')
  })

  it('a project of this very release stays byte for byte as it is, edited or not', async () => {
    const cwd = scratch()
    await run(cwd, ['app', '--runtime', 'node', ...QUICK])
    const dir = join(cwd, 'app')
    for (const change of [() => {}, () => edit(dir, 'src/schema.ts', /^/, '// mine\r\n')]) {
      change()
      const before = snapshot(dir)
      expect(await run(dir, ['upgrade'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') })
      expect(snapshot(dir)).toEqual(before)
    }
  })

  it('tells people what became of each file, and what to do next', async () => {
    const dir = oldProject()
    rmSync(join(dir, CLASH.path))
    edit(dir, 'README.md', /^# .*/, '# Ours')
    const { code, stdout } = await run(dir, ['upgrade'])
    expect(code).toBe(0)
    expect(stdout).toContain(`0.1.0 → ${VERSION}`)
    expect(stdout).toMatch(/updated {5}\S/)
    expect(stdout).toContain(
      `kept yours  ${CLASH.path}: deleted by you; its template changed (--restore brings it back)`,
    )
    expect(stdout).toContain('kept yours  README.md: yours to write; its template changed')
    expect(stdout).toMatch(/\d+ unchanged/)
    expect(stdout).toMatch(/Next:\n(.*\n)* {2}npm run typecheck\n {2}npm run test/)
    const again = (await run(dir, ['upgrade'])).stdout
    expect(again).toContain(`kept yours  ${CLASH.path}: deleted by you\n`)
    expect(again).toContain('kept yours  README.md: yours to write\n')
    expect((await tool(dir, 'upgrade', '--restore')).code).toBe(0)
    expect(read(dir, CLASH.path)).toBe(CLASH.theirs)
  })

  it.each([
    [['upgrade', '--what'], /Unknown flag --what/],
    [['upgrade', '--dryrun'], /Did you mean --dry-run/],
    [['upgrade', 'a', 'b'], /Unexpected argument "b"/],
    [['upgrade', '--conflict', 'mine'], /one of sidecar, markers, ours, theirs, fail/],
    [['upgrade', '--continue', '--abort'], /do not go together/],
    [['upgrade', '--set', 'granularity'], /key=value/],
    [['upgrade', '--set', 'granularty=day'], /Did you mean granularity/],
    [['upgrade', '--set', 'granularity=week'], /does not exist/],
    [['upgrade', '--set', 'runtime=bun', '--only', 'adapters'], /do not go together/],
    [['diff', 'nowhere.ts'], /nowhere.ts: no file/],
    [['eject'], /takes the paths/],
    [['eject', 'src/wirin.ts'], /Did you mean src\/wiring.ts/],
  ])('%j is exit 2, and writes nothing', async (args, message) => {
    const dir = oldProject()
    const before = snapshot(dir)
    expect(await run(dir, args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect(snapshot(dir)).toEqual(before)
  })
})

describe('a folder that the user moved', () => {
  it('has no difference, and an edit in it is shown where the file is now', async () => {
    const dir = oldProject()
    renameSync(join(dir, 'src/policy'), join(dir, 'src/gateway'))
    expect(await run(dir, ['diff'])).toMatchObject({ code: 0, stdout: 'No difference.\n' })
    appendFileSync(join(dir, 'src/gateway/request.ts'), '// mine\n')
    const { stdout } = await run(dir, ['diff', 'src/gateway'])
    expect(stdout.split('\n').slice(0, 2)).toEqual(['--- src/gateway/request.ts', '+++ src/gateway/request.ts'])
    expect(stdout.match(/^[-+](?!-- |\+\+ ).*/gm)).toEqual(['+// mine'])
  })
})

describe('a project whose base texts are gone', () => {
  it('is told so by diff and by a dry run, with what to do, instead of that nothing differs', async () => {
    const dir = oldProject()
    edit(dir, 'analytics.config.ts', 'settle: 5', 'settle: 30')
    rmSync(join(dir, '.stoma/base'), { recursive: true })
    const restore = /Restore .stoma\/base from version control/
    const diff = await run(dir, ['diff', 'analytics.config.ts'])
    expect(diff).toMatchObject({ code: 1, stdout: '' })
    expect(diff.stderr).toMatch(/analytics.config.ts: the text it was emitted with/)
    expect(diff.stderr).toMatch(restore)
    const dry = await run(dir, ['upgrade', '--dry-run'])
    expect(dry.code).toBe(1)
    expect(dry.stdout).toMatch(restore)
    expect(dry.stdout).not.toContain('No longer found')
  })
})

describe('a conflict', () => {
  it('leaves the user’s file as it is, its texts beside it, and exit 3; solved and continued, it is done', async () => {
    const dir = oldProject()
    const mine = clash(dir)
    const { code, json } = await tool(dir, 'upgrade')
    expect(code).toBe(3)
    expect(json).toMatchObject({ ok: false, conflicts: 1, next: ['npx create-stoma-analytics upgrade --continue'] })
    expect(json.files.find(({ kind }: { kind: string }) => kind === 'conflict')).toMatchObject({ path: CLASH.path })
    expect(read(dir, CLASH.path)).toBe(mine)
    const sidecar = (ending: string) => `.stoma/conflicts/${CLASH.path}.${ending}`
    expect(read(dir, sidecar('ours'))).toBe(mine)
    expect(read(dir, sidecar('theirs'))).toBe(CLASH.theirs)
    expect(read(dir, sidecar('merged'))).toMatch(
      /<<<<<<< yours\n[\s\S]*mine, and mine alone[\s\S]*>>>>>>> the newer template/,
    )

    for (const args of [['upgrade'], ['upgrade', '--continue']]) {
      const left = await tool(dir, ...args)
      expect(left).toMatchObject({
        code: 3,
        json: { error: { code: 'CONFLICTS_LEFT', conflicts: [{ path: CLASH.path }] } },
      })
    }
    expect(await tool(dir, 'status')).toMatchObject({
      code: 0,
      json: { files: expect.arrayContaining([expect.objectContaining({ path: CLASH.path, state: 'conflict' })]) },
    })

    writeFileSync(join(dir, CLASH.path), `${CLASH.theirs}// mine, and mine alone\n`)
    expect(await tool(dir, 'upgrade', '--continue')).toMatchObject({ code: 0, json: { solved: [CLASH.path] } })
    expect(existsSync(join(dir, '.stoma/conflicts'))).toBe(false)
    expect(existsSync(join(dir, '.stoma/undo'))).toBe(false)
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(0)
    expect(await tool(dir, 'upgrade', '--continue')).toMatchObject({ code: 0, json: { continued: false } })
  })

  it('taken back with --abort, everything is as it was', async () => {
    const dir = oldProject()
    clash(dir)
    const before = snapshot(dir)
    await tool(dir, 'upgrade')
    expect(await tool(dir, 'upgrade', '--abort')).toMatchObject({ code: 0, json: { aborted: true, saved: [] } })
    expect(snapshot(dir)).toEqual(before)
    expect(await tool(dir, 'upgrade', '--abort')).toMatchObject({ code: 0, json: { aborted: false } })
  })

  it('with --conflict markers stands in the file, until no marker is left', async () => {
    const dir = oldProject()
    clash(dir)
    expect((await tool(dir, 'upgrade', '--conflict', 'markers')).code).toBe(3)
    expect(read(dir, CLASH.path)).toContain('<<<<<<< yours')
    const { code, stderr } = await run(dir, ['upgrade', '--continue'])
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(/conflict markers in line \d+/) })
    writeFileSync(join(dir, CLASH.path), CLASH.theirs)
    expect((await tool(dir, 'upgrade', '--continue')).code).toBe(0)
  })
})

describe('--set', () => {
  it('moves a living project to another answer, and says what that means for its data', async () => {
    const dir = oldProject()
    edit(dir, 'src/wiring.ts', /^/, '// mine\n')
    const { code, json } = await tool(dir, 'upgrade', '--set', 'granularity=hour', '--set', 'runtime=bun')
    expect(code).toBe(0)
    expect(json.changes).toEqual([
      { id: 'runtime', from: 'node', to: 'bun' },
      { id: 'granularity', from: 'day', to: 'hour' },
    ])
    expect(json.meaning.join(' ')).toMatch(/founded with granularity day keeps it/)
    expect(read(dir, 'analytics.config.ts')).toContain("granularity: 'hour'")
    expect(JSON.parse(read(dir, 'package.json')).scripts.dev).toMatch(/^bun /)
    expect(read(dir, 'src/wiring.ts')).toContain('// mine')
    expect(JSON.parse(read(dir, MANIFEST)).answers).toMatchObject({ granularity: 'hour', runtime: 'bun' })
  })

  it('refuses to leave the project before a lake that keeps its partition, with the steps to take', async () => {
    const dir = oldProject()
    const lake = join(dir, 'lake/analytics/_state')
    await import('node:fs/promises').then(({ mkdir }) => mkdir(lake, { recursive: true }))
    writeFileSync(join(lake, 'lake.json'), '{"granularity":"day","schemaVersion":1,"extension":".parquet"}')
    const before = snapshot(dir)
    const { code, stderr } = await run(dir, ['upgrade', '--set', 'granularity=hour'])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /The lake in \.\/lake was founded with granularity day[\s\S]*mv \.\/lake \.\/lake-day[\s\S]*npm run ingest/,
    )
    expect(snapshot(dir)).toEqual(before)
    edit(dir, 'analytics.config.ts', 'deleteSources: false', 'deleteSources: true')
    expect((await run(dir, ['upgrade', '--set', 'granularity=hour'])).stderr).toMatch(/cannot be written anew/)
    expect((await tool(dir, 'upgrade', '--set', 'granularity=day')).code).toBe(0)
  })
})

describe('the state of a project', () => {
  /** What upgrading a project with this manifest is refused with. */
  const refused = (change: string | undefined | ((manifest: never) => unknown)) => {
    const dir = oldProject()
    const manifest = JSON.parse(read(dir, MANIFEST))
    if (change === undefined) rmSync(join(dir, '.stoma'), { recursive: true })
    else
      writeFileSync(
        join(dir, MANIFEST),
        typeof change === 'string' ? change : JSON.stringify(change(manifest as never)),
      )
    const before = snapshot(dir)
    try {
      planUpgrade(readProject(dir))
    } catch (error) {
      return error
    } finally {
      expect(snapshot(dir)).toEqual(before)
    }
  }

  it.each([
    ['no manifest at all', 'NO_MANIFEST', undefined],
    ['no JSON', 'MANIFEST_BROKEN', '{'],
    ['conflict markers of git', 'MANIFEST_BROKEN', '{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> other\n}'],
    ['a newer schema', 'MANIFEST_NEWER', (manifest: object) => ({ ...manifest, schema: 2 })],
    [
      'a newer release',
      'MANIFEST_NEWER',
      (manifest: object) => ({ ...manifest, generator: { name: 'x', version: '99.0.0' } }),
    ],
    [
      'a release that is none',
      'MANIFEST_BROKEN',
      (manifest: object) => ({ ...manifest, generator: { name: 'x', version: 'new' } }),
    ],
    [
      'a path out of the project',
      'MANIFEST_BROKEN',
      (manifest: { files: object[] }) => ({ ...manifest, files: [{ ...manifest.files[0], path: '../x' }] }),
    ],
    [
      'a path into .git',
      'MANIFEST_BROKEN',
      (manifest: { files: object[] }) => ({ ...manifest, files: [{ ...manifest.files[0], path: '.git/hooks/x' }] }),
    ],
    [
      'a file twice',
      'MANIFEST_BROKEN',
      (manifest: { files: object[] }) => ({ ...manifest, files: [manifest.files[0], manifest.files[0]] }),
    ],
    [
      'an answer that nobody knows',
      'ANSWER_UNKNOWN',
      (manifest: { answers: object }) => ({ ...manifest, answers: { ...manifest.answers, runtime: 'perl' } }),
    ],
  ])('with %s is refused, and nothing is written', (_, code, change) => {
    expect(refused(change)).toMatchObject({ code, exitCode: 1, hint: expect.any(String) })
  })

  it('a prerelease comes before its release, and is upgraded to it', async () => {
    const dir = oldProject()
    edit(dir, MANIFEST, '"version": "0.1.0"', `"version": "${VERSION}-rc.1"`)
    expect((await tool(dir, 'upgrade')).json).toMatchObject({ from: `${VERSION}-rc.1` })
  })

  it('a manifest that was only reformatted is read, and base texts are found in any pack', async () => {
    const dir = oldProject()
    writeFileSync(join(dir, MANIFEST), JSON.stringify(JSON.parse(read(dir, MANIFEST)), null, 4))
    edit(dir, 'src/schema.ts', /^/, '// mine\n')
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    expect(read(dir, 'src/schema.ts')).toContain('// mine')
  })

  it('a damaged base text is named, and nothing is merged by guess', async () => {
    const dir = oldProject()
    const { files } = JSON.parse(read(dir, MANIFEST))
    const { base } = files.find(({ path }: { path: string }) => path === CLASH.path)
    const pack = Object.keys(snapshot(dir)).find((path) => path.startsWith('.stoma/base/')) as string
    edit(dir, pack, `"${base}": "`, `"${base}": "tampered `)
    clash(dir)
    const before = snapshot(dir)
    expect(await tool(dir, 'upgrade')).toMatchObject({
      code: 1,
      json: { error: { code: 'BLOCKED', blocked: [{ path: CLASH.path }] } },
    })
    expect(snapshot(dir)).toEqual(before)
  })
})
