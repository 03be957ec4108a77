import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run, scratch, snapshot, support } from '../support/tool.ts'
import { CLASH, committed, edit, git, oldProject, read, tool } from './project.ts'

describe('git', () => {
  it('is not asked about another repository by a hook’s environment, and runs in a worktree and below a monorepo', async () => {
    const root = scratch()
    const inside = join(root, 'packages/ana lytics')
    mkdirSync(join(root, 'packages'), { recursive: true })
    renameSync(oldProject(), inside)
    committed(root)
    git(root, 'worktree', 'add', '-q', '../tree')
    const dir = join(root, '../tree/packages/ana lytics')
    edit(dir, CLASH.path, /$/, '// uncommitted\n')
    const { code, stdout } = await run(dir, ['upgrade', '--json'], { GIT_DIR: '/nowhere' })
    expect({ code, error: JSON.parse(stdout).error }).toMatchObject({
      code: 1,
      error: { code: 'DIRTY', dirty: [CLASH.path] },
    })
    git(dir, 'commit', '-qam', 'mine')
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    // In a folder below the project it finds its way up.
    expect((await tool(join(dir, 'src/policy'), 'upgrade', '--check')).code).toBe(0)
  })

  it('autocrlf: a checkout in CRLF is no edit, and stays in CRLF', async () => {
    const origin = committed(oldProject())
    const dir = join(scratch(), 'clone')
    git(origin, '-c', 'core.autocrlf=true', 'clone', '-q', origin, dir)
    expect(read(dir, CLASH.path)).toContain('\r\n')
    edit(dir, 'src/lake/layout.ts', /^/, '// mine\r\n')
    git(dir, 'commit', '-qam', 'mine')
    const { code, json } = await tool(dir, 'upgrade')
    expect({ code, conflicts: json.conflicts }).toEqual({ code: 0, conflicts: 0 })
    expect(read(dir, CLASH.path)).toBe(CLASH.theirs.replace(/\n/g, '\r\n'))
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(0)
  })

  it('an ignored file is upgraded like any other', async () => {
    const dir = oldProject()
    edit(dir, '.gitignore', /$/, `${CLASH.path}\n`)
    committed(dir)
    writeFileSync(join(dir, CLASH.path), `// ignored\n${read(dir, CLASH.path)}`)
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    expect(read(dir, CLASH.path)).toBe(`// ignored\n${CLASH.theirs}`)
  })

  it('a branch that upgraded and one that was worked on merge; a manifest in conflict is settled by taking either side', async () => {
    const dir = committed(oldProject())
    git(dir, 'checkout', '-qb', 'other')
    edit(dir, 'src/schema.ts', /^/, '// mine\n')
    expect((await tool(dir, 'eject', CLASH.path)).code).toBe(0)
    git(dir, 'commit', '-qam', 'work')
    git(dir, 'checkout', '-q', 'main')
    expect((await tool(dir, 'upgrade')).code).toBe(0)
    git(dir, 'add', '-A')
    git(dir, 'commit', '-qm', 'upgraded')
    try {
      git(dir, 'merge', '-q', '--no-edit', 'other')
    } catch {
      expect(await tool(dir, 'upgrade', '--check')).toMatchObject({
        code: 1,
        json: { error: { code: 'MANIFEST_BROKEN' } },
      })
      git(dir, 'checkout', '--ours', '.stoma/manifest.json')
      git(dir, 'commit', '-qam', 'merged')
    }
    expect((await tool(dir, 'upgrade', '--check')).code).toBe(0)
    expect(read(dir, 'src/schema.ts')).toContain('// mine')
  })
})

describe('a disk that fails', () => {
  it.each(['writeSync:1', 'fsyncSync:3', 'renameSync:2', 'renameSync:9'])(
    'in the middle (%s) leaves the project as it was',
    async (fault) => {
      const dir = oldProject()
      const before = snapshot(dir)
      const env = { NODE_OPTIONS: `--import ${pathToFileURL(support('faults.mjs'))}`, FAULT: `${fault}:ENOSPC` }
      const { code, stderr } = await run(dir, ['upgrade'], env)
      if (code === 0) return // that call is not made here
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') })
      expect(snapshot(dir)).toEqual(before)
    },
  )
})

describe('a process', () => {
  const killed = (fault: string) => ({
    NODE_OPTIONS: `--import ${pathToFileURL(support('faults.mjs'))}`,
    FAULT: `${fault}:kill`,
  })
  const tree = (dir: string) =>
    Object.fromEntries(Object.entries(snapshot(dir)).filter(([path]) => !path.startsWith('.stoma/lock')))

  const isWritten = (dir: string, next: Record<string, string>) =>
    snapshot(dir)['.stoma/manifest.json'] === next['.stoma/manifest.json']

  it.each(['fsyncSync:12', 'renameSync:1', 'renameSync:2', 'renameSync:7', 'linkSync:4', 'rmSync:3'])(
    'killed for real (%s) leaves what --continue finishes and --abort takes back',
    async (fault) => {
      const whole = oldProject()
      const before = tree(whole)
      await tool(whole, 'upgrade')
      for (const [verb, expected] of [
        ['--continue', tree(whole)],
        ['--abort', before],
      ] as const) {
        const dir = oldProject()
        const { code } = await run(dir, ['upgrade'], killed(fault))
        expect(code).toBe('SIGKILL')
        const isBegun = snapshot(dir)['.stoma/upgrade/journal.json'] !== undefined
        if (isBegun)
          expect(await tool(dir, 'upgrade')).toMatchObject({ code: 1, json: { error: { code: 'UNFINISHED' } } })
        expect((await tool(dir, 'upgrade', verb)).code).toBe(0)
        expect([expected, before, tree(whole)][isBegun ? 0 : isWritten(dir, tree(whole)) ? 2 : 1]).toEqual(tree(dir))
      }
    },
  )
})
