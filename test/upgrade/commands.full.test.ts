import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MANIFEST } from '../../src/manifest.ts'
import { run, snapshot } from '../support/tool.ts'
import { CLASH, clash, edit, oldProject, read, tool } from './project.ts'

describe('upgrade', () => {
  it('--only changes nothing else, and the rest still comes later', async () => {
    const dir = oldProject()
    const { code, json } = await tool(dir, 'upgrade', '--only', 'sql/numbers')
    expect(code).toBe(0)
    const paths = json.files.map(({ path }: { path: string }) => path)
    expect(paths.filter((path: string) => !path.startsWith('sql/numbers/'))).toEqual([])
    expect(JSON.parse(read(dir, MANIFEST)).generator.version).toBe('0.1.0')
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(4)
    await tool(dir, 'upgrade')
    const whole = oldProject()
    await tool(whole, 'upgrade')
    const tree = (dir: string) =>
      Object.fromEntries(Object.entries(snapshot(dir)).filter(([path]) => !path.startsWith('.stoma/base')))
    expect(tree(dir)).toEqual(tree(whole))
    expect((await tool(dir, 'upgrade', '--only', 'nowhere')).code).toBe(2)
  })

  it('--only adapters brings the adapters, or nothing where the rest does not fit them', async () => {
    const dir = oldProject()
    const before = snapshot(dir)
    const { code, json } = await tool(dir, 'upgrade', '--only', 'adapters')
    if (code === 0)
      expect(json.files.every(({ path }: { path: string }) => /^src\/(storage|parquet|processor)\//.test(path))).toBe(
        true,
      )
    else {
      expect({ code, error: json.error }).toMatchObject({
        code: 1,
        error: { code: 'ONLY_MISFITS', dangling: expect.anything() },
      })
      expect(snapshot(dir)).toEqual(before)
    }
  })

  it('with --conflict fail changes nothing; ours and theirs settle it', async () => {
    const dir = oldProject()
    const mine = clash(dir)
    const before = snapshot(dir)
    expect(await tool(dir, 'upgrade', '--conflict', 'fail')).toMatchObject({
      code: 3,
      json: { error: { code: 'CONFLICTS' } },
    })
    expect(snapshot(dir)).toEqual(before)
    await tool(dir, 'upgrade')
    expect(await tool(dir, 'upgrade', '--continue', '--conflict', 'ours')).toMatchObject({ code: 0 })
    expect(read(dir, CLASH.path)).toBe(mine)
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(0)

    const other = oldProject()
    clash(other)
    expect((await tool(other, 'upgrade', '--conflict', 'theirs')).code).toBe(0)
    expect(read(other, CLASH.path)).not.toContain('mine, and mine alone')
  })

  it('files that the new answer does not need go, unless they were edited', async () => {
    const dir = oldProject()
    edit(dir, 'src/compactor/commit.ts', /^/, '// mine\n')
    const { json } = await tool(dir, 'upgrade', '--set', 'parquet=ndjson')
    expect(existsSync(join(dir, 'src/compactor/index.ts'))).toBe(false)
    expect(read(dir, 'src/compactor/commit.ts')).toContain('// mine')
    expect(json.files).toContainEqual(
      expect.objectContaining({
        path: 'src/compactor/commit.ts',
        kind: 'kept',
        why: expect.stringMatching(/gone from the template/),
      }),
    )
  })
})

describe('eject, adopt, status and diff', () => {
  it('an ejected file is left alone until it is adopted, and then gets all that came since', async () => {
    const dir = oldProject()
    expect(await tool(dir, 'eject', CLASH.path)).toMatchObject({ code: 0, json: { files: [CLASH.path] } })
    expect(await tool(dir, 'eject', CLASH.path)).toMatchObject({ code: 0, json: { files: [] } })
    const before = read(dir, CLASH.path)
    const { json } = await tool(dir, 'upgrade')
    expect(json.files).toContainEqual({ path: CLASH.path, kind: 'kept', why: 'taken over by you' })
    expect(read(dir, CLASH.path)).toBe(before)
    expect((await tool(dir, 'status')).json.files).toContainEqual({
      path: CLASH.path,
      owner: 'ejected',
      state: 'unchanged',
    })
    expect((await tool(join(dir, 'src'), 'adopt', join('..', CLASH.path))).code).toBe(0)
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    expect(read(dir, CLASH.path)).toBe(CLASH.theirs)
  })

  it('a file that was moved and edited is followed once that is said', async () => {
    const dir = oldProject()
    const text = read(dir, CLASH.path)
    rmSync(join(dir, CLASH.path))
    writeFileSync(join(dir, 'mine.ts'), `// mine\n${text}`)
    expect((await tool(dir, 'adopt', 'mine.ts', '--was', CLASH.path)).code).toBe(0)
    // Whoever still imports it from its old place is told.
    expect([0, 3]).toContain((await tool(dir, 'upgrade')).code)
    expect(read(dir, 'mine.ts')).toBe(`// mine\n${CLASH.theirs}`)
    expect(existsSync(join(dir, CLASH.path))).toBe(false)
  })

  it('diff shows what the user changed, and what an upgrade would', async () => {
    const dir = oldProject()
    expect(await run(dir, ['diff'])).toMatchObject({ code: 0, stdout: 'No difference.\n' })
    edit(dir, 'analytics.config.ts', 'settle: 5', 'settle: 30')
    expect((await run(dir, ['diff'])).stdout).toMatch(
      /^--- analytics.config.ts\n\+\+\+ analytics.config.ts\n@@ -\d+,7 \+\d+,7 @@\n[\s\S]*\n- {2}settle: 5,\n\+ {2}settle: 30,\n/,
    )
    expect((await run(dir, ['diff', '--words'])).stdout).toContain('settle: [-5-]{+30+},')
    expect((await run(dir, ['diff', 'src'])).stdout).toBe('No difference.\n')
    const { json } = await tool(dir, 'diff', '--upgrade', CLASH.path)
    expect(json.files).toEqual([{ path: CLASH.path, diff: expect.stringMatching(/^@@ /m) }])
    expect(readFileSync(join(dir, CLASH.path), 'utf8')).not.toBe(CLASH.theirs)
  })
})
