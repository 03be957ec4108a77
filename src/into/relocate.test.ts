import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allCells, nameOf } from '../../test/support/cells.ts'
import { render } from '../render/index.ts'
import { readTemplates } from '../templates.ts'
import { relocate } from './relocate.ts'

const templates = readTemplates()
const cells = allCells().map((answers) => {
  const own = render('shop', answers, templates)
  return { name: nameOf(answers), own, files: relocate('analytics', own) }
})

describe.each(cells)('the project $name, moved into another one', ({ own, files }) => {
  const paths = files.map(({ path }) => path)
  const shared = JSON.parse(files.find(({ path }) => path === 'package.json')?.text as string)

  it('has nothing outside of its folder but what the two share', () => {
    const outside = paths.filter((path) => !path.startsWith('analytics/'))
    expect(outside).toEqual(['.gitattributes', '.gitignore', 'package.json'])
  })

  it('keeps the id, the owner and the text of every module', () => {
    const modules = own.filter(({ path }) => /\.(ts|sql)$/.test(path))
    const moved = modules.map((file) => ({ ...file, path: `analytics/${file.path}` }))
    expect(files.filter(({ path }) => /\.(ts|sql)$/.test(path))).toEqual(moved)
  })

  it('has a file behind every path in a script, and behind every export', () => {
    const named = Object.values<string>(shared.scripts).flatMap(
      (script) => script.match(/[\w./-]+\.(?:tsx?|jsonc)\b/g) ?? [],
    )
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((path) => !paths.includes(path))).toEqual([])
    for (const [key, path] of Object.entries<string>(shared.exports)) {
      const pattern = new RegExp(`^${path.slice(2).replace('*', '[^/]+')}$`)
      expect(key).toMatch(/^\.\/analytics(\/|$)/)
      expect(
        paths.some((have) => pattern.test(have)),
        path,
      ).toBe(true)
    }
  })

  it('finds the packages from wherever its JSON names them', () => {
    for (const { path, text } of files.filter(({ path }) => /\.jsonc?$/.test(path))) {
      for (const [, to = ''] of text.matchAll(/"((?:\.\.\/)*node_modules\/)/g)) {
        expect(posix.join(posix.dirname(path), to), path).toBe('node_modules/')
      }
    }
  })

  it('imports and runs in its README what is there, from the project around', () => {
    const paths = files.map(({ path }) => path)
    const readme = files.find(({ path }) => path === 'analytics/README.md')?.text ?? ''
    const named = [...readme.matchAll(/'\.\/(analytics\/.+\.ts)'|(?:-init|-c) (\S+\w)/g)].map(([, a, b]) => a ?? b)
    expect(named).toContain('analytics/src/policy/analytics.ts')
    for (const path of named) expect(paths).toContain(path)
    expect(readme).not.toMatch(/\/policy'|\/path\/to\/(?!project )/)
  })

  it('keeps out of git beside its configs what it keeps out at the root', () => {
    const ignored = files.find(({ path }) => path === '.gitignore')?.text ?? ''
    for (const [line] of ignored.matchAll(/^\/\.(?:wrangler|dev\.vars).*$/gm))
      expect(ignored).toContain(`\n/analytics${line}\n`)
  })
})

describe('relocate', () => {
  it('leaves a project of its own as it is', () => {
    for (const { own } of cells) expect(relocate('', own)).toEqual(own)
  })
})
