import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MANIFEST } from '../../src/manifest.ts'
import { apply } from '../../src/upgrade/apply.ts'
import { realFiles } from '../../src/upgrade/files.ts'
import { planUpgrade } from '../../src/upgrade/index.ts'
import { readProject } from '../../src/upgrade/project.ts'
import { writeTree } from '../support/releases.ts'
import { scratch, snapshot } from '../support/tool.ts'
import { released, releases, users } from './pairs.ts'
import { upgrade } from './upgrade.ts'

const today = releases.at(-1) as (typeof releases)[0]

/** The customized project on a disk, with the state that `eject` would have left. */
function written({ tree, customization: { ejected = [] } }: (typeof users)[0]): string {
  const state = [...released.files].filter(([path]) => path.startsWith('.stoma/'))
  const files = new Map([...state, ...tree])
  const manifest = JSON.parse(files.get(MANIFEST) as string) as typeof released.manifest
  for (const file of manifest.files) if (ejected.includes(file.id)) file.owner = 'ejected'
  if (ejected.length > 0) files.set(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`)
  const dir = scratch()
  writeTree(dir, files)
  return dir
}

const filesOf = (dir: string) =>
  Object.entries(snapshot(dir))
    .filter(([path, what]) => !path.startsWith('.stoma') && !what.startsWith('folder'))
    .map(([path]) => [path, readFileSync(join(dir, path), 'utf8')] as const)

describe('what the corpus finds in memory holds on a disk', () => {
  it.each(users)('$title', (user) => {
    const dir = written(user)
    const expected = upgrade(released, user.tree, today.files, user.customization.ejected)
    const planned = planUpgrade(readProject(dir))
    apply(dir, planned.writes, { command: 'upgrade', files: realFiles })
    expect(new Map(filesOf(dir))).toEqual(expected.tree)
    expect(planned.dangling.map(({ path, line, what }) => `${path}:${line}: ${what}`)).toEqual(expected.dangling)
    // A second upgrade finds nothing new, whatever was moved, merged or left.
    if (expected.conflicts.length === 0) expect(planUpgrade(readProject(dir)).writes).toEqual([])
  })
})
