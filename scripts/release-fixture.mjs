/**
 * Keeps for ever what a release emits, so that every later one is tested to upgrade it:
 *
 *   npm run build && node scripts/release-fixture.mjs
 *
 * writes test/releases/{version}.json: one project for each combination of choices, every text once, under its hash.
 * For a release of the past, check it out elsewhere, build it, and give its dist/cli.js as the argument.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const cli = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist/cli.js', import.meta.url)))
const run = (args, cwd) => execFileSync(process.execPath, [cli, ...args], { cwd, encoding: 'utf8' })
const version = run(['--version'], '.').trim()

/** Values of each choice, as the release's own help lists them: `--runtime=<node|bun>`. */
const help = run(['--help'], '.')
const choices = [...help.matchAll(/--([\w-]+)=<([\w|-]+\|?[\w|-]*)>/g)]
  .map(([, flag, values]) => [flag, values.split('|')])
  .filter(([flag, values]) => flag !== 'pm' && values.length > 1)

const texts = new Map()
const cells = {}
const home = mkdtempSync(join(tmpdir(), 'release-'))
try {
  let combinations = [[]]
  for (const [flag, values] of choices) {
    combinations = combinations.flatMap((flags) => values.map((value) => [...flags, [flag, value]]))
  }
  for (const flags of combinations) {
    const name = flags.map(([, value]) => value).join('-')
    const dir = join(home, name, 'my-analytics')
    const spelled = flags.flatMap(([flag, value]) => [`--${flag}`, value])
    const pm = ['--pm', 'npm', '--no-install', '--no-git', '--yes', '--json']
    try {
      run([dir, ...spelled, ...pm], home)
    } catch (error) {
      // Answers that do not go together: the release says so by exit code 2.
      if (error.status === 2) continue
      throw error
    }
    cells[name] = Object.fromEntries(
      filesOf(dir).map((path) => [path, keep(path, readFileSync(join(dir, path), 'utf8'))]),
    )
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}

const list = [...texts]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([hash, text]) => `${JSON.stringify(hash)}: ${JSON.stringify(text)}`)
const shown = Object.entries(cells).map(([name, files]) => `${JSON.stringify(name)}: ${JSON.stringify(files)}`)
const out = fileURLToPath(new URL(`../test/releases/${version}.json`, import.meta.url))
writeFileSync(
  out,
  `{\n"version": ${JSON.stringify(version)},\n"cells": {\n${shown.join(',\n')}\n},\n"texts": {\n${list.join(',\n')}\n}\n}\n`,
)
process.stdout.write(`${Object.keys(cells).length} projects of ${version}, ${texts.size} texts\n`)

/** The first 20 digits of a text's hash. A pack of base texts is made anew from the texts it is named after. */
function keep(path, text) {
  if (path.startsWith('.stoma/base/')) return 'pack'
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 20)
  texts.set(hash, text)
  return hash
}

function filesOf(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dir.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
}
