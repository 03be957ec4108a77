import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MANIFEST, stateFiles } from '../../src/manifest.ts'
import { render } from '../../src/render/index.ts'
import { integrityOf, readTemplates } from '../../src/templates.ts'
import { answersFor } from '../../src/upgrade/answers.ts'
import { apply } from '../../src/upgrade/apply.ts'
import { realFiles } from '../../src/upgrade/files.ts'
import { planUpgrade } from '../../src/upgrade/index.ts'
import { readProject } from '../../src/upgrade/project.ts'
import { releases, writeTree } from '../support/releases.ts'
import { scratch, snapshot } from '../support/tool.ts'

const cells = releases().flatMap(({ version, cells }) => [...cells].map(([name, files]) => ({ version, name, files })))

/** Upgrades in this process: the plan and the writes of the command, without its words. */
function upgrade(dir: string) {
  const planned = planUpgrade(readProject(dir))
  apply(dir, planned.writes, { command: 'upgrade', files: realFiles })
  return planned
}

const textsBelow = (dir: string) =>
  Object.fromEntries(
    Object.entries(snapshot(dir)).flatMap(([path, what]) => (what.startsWith('folder') ? [] : [[path, what.slice(4)]])),
  )

describe.each(cells)('what $version emitted for $name', ({ files }) => {
  it('becomes today’s project, where nobody edited it', () => {
    const dir = scratch()
    writeTree(dir, files)
    const { manifest } = readProject(dir)
    const { answers } = upgrade(dir)

    const templates = readTemplates()
    const today = render('my-analytics', answers, templates)
    const state = stateFiles('my-analytics', answers, integrityOf(templates), today)
    const expected = [...today, ...state.filter(({ path }) => path === MANIFEST)]
    const after = Object.entries(textsBelow(dir)).filter(([path]) => !path.startsWith('.stoma/base/'))
    expect(Object.fromEntries(after)).toEqual(
      Object.fromEntries(expected.map(({ path, text }) => [path, Buffer.from(text).toString('latin1')])),
    )
    expect(answers).toMatchObject(manifest.answers)
  })

  it('keeps what its owner changed, and is at rest afterwards', () => {
    const dir = scratch()
    writeTree(dir, files)
    const at = (path: string) => join(dir, path)
    const edit = (path: string, from: string | RegExp, to: string) => {
      const text = readFileSync(at(path), 'utf8')
      expect(text.replace(from, to), `${path}: ${from}`).not.toBe(text)
      writeFileSync(at(path), text.replace(from, to))
    }
    const column = "{ name: 'plan', type: 'VARCHAR', value: (entry) => entry.dimensions?.plan },"
    edit('src/custom/columns.ts', 'readonly Column[] = []', `readonly Column[] = [${column}]`)
    edit('analytics.config.ts', 'settle: 5', 'settle: 30')
    edit('package.json', '"version": "0.0.0"', '"version": "1.2.3",\n  "author": "Me"')
    edit('package.json', '"dependencies": {', '"dependencies": {\n    "left-pad": "1.3.0",')
    edit('.gitignore', 'node_modules/\n', 'node_modules/\n/mine/\n')
    edit('README.md', /^# .*/, '# Our traffic')
    edit('src/lake/layout.ts', /^/, '// read by the night shift\n')
    rmSync(at('example/traffic.ts'))
    writeFileSync(at('sql/report/7-plans.sql'), '-- Plans\nSELECT 1;\n')

    const { files: plans } = upgrade(dir)
    expect(plans.filter(({ kind }) => kind === 'conflict' || kind === 'blocked')).toEqual([])
    const text = (path: string) => readFileSync(at(path), 'utf8')
    expect(text('src/custom/columns.ts')).toContain(column)
    expect(text('analytics.config.ts')).toContain('settle: 30')
    expect(JSON.parse(text('package.json'))).toMatchObject({ author: 'Me', dependencies: { 'left-pad': '1.3.0' } })
    expect(text('.gitignore')).toContain('\n/mine/\n')
    expect(text('README.md')).toMatch(/^# Our traffic\n/)
    expect(text('src/lake/layout.ts')).toMatch(/^\/\/ read by the night shift\n/)
    const after = snapshot(dir)
    expect(after['example/traffic.ts']).toBeUndefined()
    expect(after['sql/report/7-plans.sql']).toContain('SELECT 1')

    expect(planUpgrade(readProject(dir)).writes).toEqual([])
  })
})

it('an upgrade adds nothing that nobody chose: questions of a later release are answered by what was', () => {
  for (const { files } of cells) {
    const manifest = JSON.parse(files.get(MANIFEST) as string)
    const answers = answersFor(manifest)
    expect(answers).toMatchObject(manifest.answers)
    expect(answers.runtime).toBe(manifest.answers.runtime)
  }
})
