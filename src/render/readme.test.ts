import { describe, expect, it } from 'vitest'
import { renderMarkdown } from './readme.ts'

const answers = { runtime: 'node', parquet: 'duckdb-wasm' }
const render = (text: string) => renderMarkdown(text, answers, { name: 'my-app' })
const section = (test: string) => render(`a\n\n<!-- if ${test} -->\nb\n<!-- end -->\n\nc\n`)

describe('renderMarkdown', () => {
  it('fills in facts', () => {
    expect(render('# {{name}}\n{{name}}: `{}`')).toBe('# my-app\nmy-app: `{}`')
  })

  it('keeps the sections that the answers ask for', () => {
    for (const test of ['parquet=duckdb-wasm', 'runtime!=bun', 'runtime=bun|node']) {
      expect(section(test), test).toBe('a\n\nb\n\nc\n')
    }
  })

  it('leaves the other sections out, without a trace', () => {
    for (const test of ['parquet=ndjson', 'runtime!=node', 'runtime!=bun|node']) {
      expect(section(test), test).toBe('a\n\nc\n')
    }
  })

  it('keeps other comments', () => {
    expect(render('<!-- prettier-ignore -->')).toBe('<!-- prettier-ignore -->')
  })

  it.each([
    ['an unknown fact', 'x\n{{nmae}}', 'README.md:2: there is no fact "nmae"'],
    ['an unknown answer', '<!-- if run=node -->\n<!-- end -->', 'README.md:1: nobody answers "run=node"'],
    ['a section that never ends', '\n<!-- if runtime=node -->', 'README.md:2: an if without an end'],
    ['an end of nothing', '<!-- end -->', 'README.md:1: an end without an if'],
    ['a section in a section', '<!-- if runtime=node -->\n<!-- if runtime=node -->', 'README.md:2: an if inside'],
  ])('refuses %s, with its line', (_, text, message) => {
    expect(() => render(text)).toThrow(message)
  })
})
