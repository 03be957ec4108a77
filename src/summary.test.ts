import { describe, expect, it } from 'vitest'
import { tree } from './summary.ts'

describe('tree', () => {
  it('shows a line for each folder, tests counted and base texts left out', () => {
    const paths = ['.stoma/base/abc', '.stoma/manifest.json', 'README.md', 'src/a.test.ts', 'src/a.ts', 'src/b.ts']
    expect(tree('my-app', paths).split('\n')).toEqual([
      'my-app/',
      '           README.md',
      '  .stoma/  manifest.json',
      '  src/     a.ts  b.ts  + 1 test',
    ])
  })

  it('fits a terminal of 80 columns', () => {
    const paths = Array.from({ length: 40 }, (_, index) => `src/some/folder/module-${index}.ts`)
    const lines = tree('my-app', paths).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines.join(' ')).toContain('module-39.ts')
  })
})
