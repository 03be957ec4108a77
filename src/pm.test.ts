import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { detectPackageManager, insideRepository } from './pm.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pm-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

describe('detectPackageManager', () => {
  it('believes the caller first', () => {
    writeFileSync(join(dir, 'yarn.lock'), '')
    expect(detectPackageManager('pnpm/9.1.0 npm/? node/v20.20.2 linux x64', dir)).toBe('pnpm')
  })

  it('looks for a lock file in every folder around, also of a folder that is not there yet', () => {
    writeFileSync(join(dir, 'bun.lock'), '')
    expect(detectPackageManager(undefined, join(dir, 'packages', 'new'))).toBe('bun')
  })

  it('falls back to npm', () => {
    expect(detectPackageManager('deno/2', dir)).toBe('npm')
  })
})

describe('insideRepository', () => {
  it('sees a clone and a worktree, from any depth', () => {
    expect(insideRepository(join(dir, 'a', 'b'))).toBe(false)
    mkdirSync(join(dir, '.git'))
    expect(insideRepository(join(dir, 'a', 'b'))).toBe(true)
    rmSync(join(dir, '.git'), { recursive: true })
    writeFileSync(join(dir, '.git'), 'gitdir: elsewhere')
    expect(insideRepository(dir)).toBe(true)
  })
})
