import { describe, expect, it } from 'vitest'
import { answersOf, withDefaults } from '../../src/answers.ts'
import { renderOver } from '../../src/overlay/apply.ts'
import type { Answers } from '../../src/questions.ts'
import { render } from '../../src/render/index.ts'
import { readTemplates } from '../../src/templates.ts'

const templates = readTemplates()
const answers = answersOf(withDefaults({}, { pm: 'npm', insideRepository: false }))
const plain = render('app', answers, templates)
const over = (files: Record<string, string>, given: Partial<Answers> = {}) => {
  const overlay = Object.entries(files).map(([path, text]) => ({ path, text, mode: '644' as const }))
  const made = renderOver(overlay, 'app', { ...answers, ...given }, templates)
  const at = (path: string) => made.find((file) => file.path === path)
  return { made, at, text: (path: string) => at(path)?.text ?? '' }
}

describe('an overlay', () => {
  it('changes nothing where it has nothing for these answers', () => {
    expect(over({}).made).toEqual(plain)
    expect(over({ 'runtime=bun/src/x.ts': 'x' }).made).toEqual(plain)
  })

  it('replaces the built-in file of its path, whichever variant that is, and its owner and name stay', () => {
    for (const parquet of ['duckdb-wasm', 'ndjson'] as const) {
      const { at, made } = over({ 'src/index.ts': 'export const mine = 1\n' }, { parquet })
      expect(at('src/index.ts')).toMatchObject({ id: 'src/index.ts', owner: 'managed' })
      expect(at('src/index.ts')?.text).toMatch(/^\/\/ From create-stoma-analytics.*\nexport const mine = 1\n$/)
      expect(made).toHaveLength(render('app', { ...answers, parquet }, templates).length)
    }
  })

  it('takes a file as it was copied out of a project, its first line too', () => {
    const file = plain.find(({ path }) => path === 'src/types.ts')?.text as string
    expect(over({ 'src/types.ts': file }).made).toEqual(plain)
  })

  it('has its README filled in and its configuration set like the built-in ones', () => {
    const config = (templates.get('analytics.config.ts') as string).replace('settle: 5', 'settle: 60')
    const { text } = over(
      { 'README.md': '# {{name}} of Acme\n', 'analytics.config.ts': config },
      { granularity: 'hour' },
    )
    expect(text('README.md')).toBe('# app of Acme\n')
    expect(text('analytics.config.ts')).toMatch(/granularity: 'hour'[\s\S]*settle: 60/)
  })

  it('adds what is new, to be upgraded like the rest', () => {
    expect(over({ 'src/policy/kafka.ts': 'k\n' }).at('src/policy/kafka.ts')).toEqual({
      ...{ id: 'src/policy/kafka.ts', path: 'src/policy/kafka.ts', text: 'k\n', owner: 'managed', mode: '644' },
    })
  })

  it('merges package.json by key and .gitignore by line', () => {
    const { text } = over({
      'package.json':
        '{ "dependencies": { "kafkajs": "^2.2.4", "hono": "4.0.0" }, "scripts": { "lint": "biome check" } }',
      '.gitignore': '/secrets/\nnode_modules/\n',
    })
    const merged = JSON.parse(text('package.json'))
    const before = JSON.parse(plain.find(({ path }) => path === 'package.json')?.text as string)
    expect(merged.dependencies).toEqual({ ...before.dependencies, kafkajs: '^2.2.4', hono: '4.0.0' })
    expect(merged.scripts).toEqual({ ...before.scripts, lint: 'biome check' })
    expect(text('.gitignore')).toBe(`${plain.find(({ path }) => path === '.gitignore')?.text}/secrets/\n`)
  })

  it('has files for some answers in folders that say so; the more such folders, the more it is meant', () => {
    const files = {
      'a.txt': 'any',
      'runtime=bun/a.txt': 'bun',
      'parquet=ndjson/runtime=bun,node/a.txt': 'without Parquet',
      'runtime=deno-of-tomorrow/b.txt': 'later',
    }
    expect(over(files).text('a.txt')).toBe('any')
    expect(over(files, { runtime: 'bun' }).text('a.txt')).toBe('bun')
    expect(over(files, { runtime: 'bun', parquet: 'ndjson' }).text('a.txt')).toBe('without Parquet')
    expect(over(files).at('b.txt')).toBeUndefined()
  })

  it('is refused where it asks what nobody answers, or merges what is no JSON', () => {
    const refused = (message: RegExp) =>
      expect.objectContaining({ code: 'TEMPLATE_REFUSED', message: expect.stringMatching(message) })
    expect(() => over({ 'cloud=aws/a.txt': '' })).toThrow(refused(/"cloud", which is no question/))
    expect(() => over({ 'package.json': '{ nonsense' })).toThrow(refused(/package\.json is no JSON/))
  })
})
