import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tree } from './tree.ts'

export type GitResult = { kind: 'clean'; tree: Tree } | { kind: 'conflict' }

/**
 * What `git merge` makes of the same three trees, in a real repository: a commit of what was emitted, a branch with what
 * the user made of it, a branch with what the later release emits. `merge-tree` is that merge without a working folder.
 */
export class GitMerges {
  private readonly dir = mkdtempSync(join(tmpdir(), 'corpus-git-'))
  /** Neither the settings of this machine nor those of its user. */
  private readonly env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: join(this.dir, 'none') }
  private readonly blobs = new Map<string, string>()

  constructor(base: Tree, branches: ReadonlyMap<string, Tree>) {
    this.git(['init', '--quiet', '--bare', '.'])
    const commits = [
      commit('base', base),
      ...[...branches].map(([name, tree]) => commit(name, tree, 'refs/heads/base')),
    ]
    this.git(['fast-import', '--quiet', '--done'], Buffer.concat([...commits, Buffer.from('done\n')]))
  }

  merge(ours: string, theirs: string): GitResult {
    const options = { cwd: this.dir, env: this.env, encoding: 'utf8' } as const
    const merged = spawnSync('git', ['merge-tree', '--write-tree', '--no-messages', ours, theirs], options)
    if (merged.status === 1) return { kind: 'conflict' }
    if (merged.status !== 0) throw new Error(`git merge-tree ${ours} ${theirs}: ${merged.stderr}`)
    const listed = this.git(['ls-tree', '-r', '-z', merged.stdout.trim()]).toString().split('\0').filter(Boolean)
    const files = listed.map((line) => /^\d+ blob (\w+)\t(.+)$/s.exec(line)?.slice(1) as [string, string])
    this.load(files.map(([oid]) => oid).filter((oid) => !this.blobs.has(oid)))
    return { kind: 'clean', tree: new Map(files.map(([oid, path]) => [path, this.blobs.get(oid) as string])) }
  }

  close(): void {
    rmSync(this.dir, { recursive: true })
  }

  private load(oids: string[]): void {
    if (oids.length === 0) return
    const out = this.git(['cat-file', '--batch'], Buffer.from(`${oids.join('\n')}\n`))
    for (let at = 0; at < out.length; ) {
      const end = out.indexOf('\n', at)
      const [oid = '', , size] = out.toString('utf8', at, end).split(' ')
      this.blobs.set(oid, out.toString('utf8', end + 1, end + 1 + Number(size)))
      at = end + 1 + Number(size) + 1
    }
  }

  private git(args: string[], input?: Buffer): Buffer {
    return execFileSync('git', args, { cwd: this.dir, env: this.env, maxBuffer: 1 << 28, ...(input && { input }) })
  }
}

/** A commit for `git fast-import`: all of the tree, on a branch of this name. */
function commit(branch: string, tree: Tree, parent?: string): Buffer {
  const parts = [`commit refs/heads/${branch}\ncommitter Somebody <somebody@example.com> 1767225600 +0000\ndata 0\n`]
  if (parent) parts.push(`from ${parent}\ndeleteall\n`)
  for (const [path, text] of tree) {
    parts.push(`M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
  }
  return Buffer.from(`${parts.join('')}\n`)
}
