import { describe, expect, it } from 'vitest'
import { findDangling, newlyDangling } from './dangling.ts'

const dangling = (files: Record<string, string>) =>
  findDangling(new Map(Object.entries(files))).map(({ path, line, what }) => `${path}:${line}: ${what}`)

describe('what a project no longer finds', () => {
  it('is a module that is not there', () => {
    expect(dangling({ 'src/a.ts': "\nimport { b } from './b.ts'\nconst c = await import('../c.ts')\n" })).toEqual([
      'src/a.ts:2: there is no src/b.ts',
      'src/a.ts:3: there is no c.ts',
    ])
  })

  it('is a name that its module does not export', () => {
    const files = {
      'a.ts': "import def, { type T, one as uno, two, gone } from './b.ts'\nexport { also } from './b.ts'\n",
      'b.ts': 'export default 1\nexport interface T {}\nexport const { one, x: [two] } = f()\n',
    }
    expect(dangling(files)).toEqual(['a.ts:1: b.ts exports no "gone"', 'a.ts:2: b.ts exports no "also"'])
  })

  it('follows what modules pass on, and stays silent where that leads out of the project', () => {
    const files = {
      'a.ts': "import { x, y } from './door.ts'\n",
      'door.ts': "export * from './room.ts'\nexport type * from './room.ts'\n",
      'room.ts': "export * from './door.ts'\nexport function x() {}\n",
    }
    expect(dangling(files)).toEqual(['a.ts:1: door.ts exports no "y"'])
    expect(dangling({ ...files, 'room.ts': "export * from 'hono'\n" })).toEqual([])
  })

  it('is a file that a script or an export of the package names', () => {
    const text = JSON.stringify(
      {
        scripts: { job: 'node --import tsx src/job.ts run', build: 'tsc -p tsconfig.json' },
        exports: { './a': './src/a.ts', './b/*': './src/*.ts' },
      },
      null,
      2,
    )
    expect(dangling({ 'package.json': text })).toEqual([
      'package.json:3: scripts.job names src/job.ts, which is not there',
      'package.json:7: exports../a names src/a.ts, which is not there',
    ])
  })

  it('is found however a module is imported: without an ending, as .js, as a folder', () => {
    const files = {
      'a.ts': "import './b'\nimport { c } from './c.js'\nimport d from './d'\nimport './e.sql'\n",
      'b.ts': '',
      'c.ts': 'export class c {}\n',
      'd/index.ts': 'export default function () {}\n',
      'e.sql': '',
    }
    expect(dangling(files)).toEqual([])
  })

  it('is nothing where that cannot be told: modules that do not parse, packages, files above the project', () => {
    const files = {
      'a.ts': "import { x } from './b.ts'\nimport { y } from 'hono'\nimport '../outside.ts'\n",
      'b.ts': '((',
    }
    expect(dangling(files)).toEqual([])
  })

  it('is told only where it is new', () => {
    const one = { path: 'a.ts', line: 1, what: 'there is no b.ts' }
    const other = { path: 'a.ts', line: 2, what: 'there is no c.ts' }
    expect(newlyDangling([one], [{ ...one, line: 7 }, other])).toEqual([other])
  })
})
