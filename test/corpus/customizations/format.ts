import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Editor, isModule } from '../tree.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

interface Style {
  quoteStyle: 'single' | 'double'
  semicolons: 'always' | 'asNeeded'
  lineWidth?: number
  indentStyle?: 'space' | 'tab'
}

/** Formats every module with another style than ours, by a real formatter. */
export function formatted(project: Editor, { quoteStyle, semicolons, lineWidth = 120, indentStyle = 'space' }: Style) {
  mkdirSync(join(ROOT, '.tmp'), { recursive: true })
  const dir = mkdtempSync(join(ROOT, '.tmp/format-'))
  try {
    const formatter = { indentStyle, indentWidth: 2, lineWidth }
    const javascript = { formatter: { quoteStyle, semicolons, trailingCommas: 'all' } }
    writeFileSync(join(dir, 'biome.json'), JSON.stringify({ root: true, formatter, javascript }))
    for (const [path, text] of project.files) {
      if (!isModule(path)) continue
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), text)
    }
    execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['format', '--write', '.'], { cwd: dir, stdio: 'pipe' })
    return project.each(isModule, (_, path) => readFileSync(join(dir, path), 'utf8'))
  } finally {
    rmSync(dir, { recursive: true })
  }
}
