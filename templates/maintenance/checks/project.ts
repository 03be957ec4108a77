import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../doctor.ts'

/** Scripts run where their package.json is, which may be above this folder. */
const inProject = (path: string) => resolve(path)
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'))

/** The runtime, the installed packages, and what an upgrade may have left behind. */
export async function* checkProject(): AsyncIterable<Finding> {
  const { engines, dependencies } = await readJson(inProject('package.json'))
  for (const [runtime, range] of Object.entries<string>(engines ?? {})) {
    const version = process.versions[runtime]
    if (!version) continue
    if (isAtLeast(version, range.replace(/^[^\d]*/, ''))) yield { what: `${runtime} ${version}` }
    else yield { what: `${runtime} ${version} runs this`, mend: `package.json asks for ${range}: install that` }
  }
  let count = 0
  for (const [name, range] of Object.entries<string>(dependencies ?? {})) {
    const installed = await installedVersion(name)
    if (installed === null) yield { what: `${name} is not installed`, mend: 'install the dependencies' }
    else if (/^\d/.test(range) && installed !== range)
      yield {
        what: `${name} ${installed} is installed, package.json pins ${range}`,
        mend: 'install the dependencies again',
      }
    else count++
  }
  yield { what: `${count} packages are installed as package.json asks` }
  yield* checkUpgrade()
}

async function* checkUpgrade(): AsyncIterable<Finding> {
  if (!existsSync(inProject('.stoma/manifest.json'))) {
    const mend = 'restore .stoma/ from version control; without it this project cannot be upgraded'
    return yield { what: '.stoma/manifest.json is missing', mend }
  }
  if (existsSync(inProject('.stoma/conflicts')))
    yield { what: 'An upgrade left conflicts', mend: 'merge what lies in .stoma/conflicts, then delete that folder' }
  const { generator } = await readJson(inProject('.stoma/manifest.json'))
  const name = generator.name
  yield { what: `made by ${name} ${generator.version}; \`npx ${name}@latest upgrade --check\` asks for a newer one` }
}

/** Of the package that an import finds from here, also in a workspace; '?' where it lies in no folder of its own. */
async function installedVersion(name: string): Promise<string | null> {
  try {
    const [folder] = /^.*\/node_modules\//.exec(import.meta.resolve(name)) ?? []
    if (!folder) return '?'
    const manifest = fileURLToPath(`${folder}${name}/package.json`)
    return existsSync(manifest) ? (await readJson(manifest)).version : null
  } catch {
    return null
  }
}

/** Whether a version such as 20.12.2 is not below 20.12. */
function isAtLeast(version: string, least: string): boolean {
  const [has, wants] = [version, least].map((text) => text.split('.').map(Number))
  for (const [index, wanted] of (wants ?? []).entries()) {
    const part = has?.[index] ?? 0
    if (part !== wanted) return part > wanted
  }
  return true
}
