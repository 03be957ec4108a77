import type { EmittedFile } from '../render/index.ts'

/** What a project has once, however many parts it has. */
const SHARED = ['.gitattributes', '.gitignore', 'package.json']

/**
 * The files of a project for a folder inside of another one, with which they share a package.json and the lists of git.
 * What refers from there to what moved is spelled anew; ids stay, so that an upgrade knows the files. Pure.
 *
 * @param home the folder, such as `analytics`; '' for a project that is its own
 */
export function relocate(home: string, files: readonly EmittedFile[]): EmittedFile[] {
  if (home === '') return [...files]
  const moving = files.filter(({ path }) => !SHARED.includes(path))
  const spell = spelling(
    home,
    moving.map(({ path }) => path),
  )
  const moved = files.map((file): EmittedFile => {
    const { path, text } = file
    if (path === 'package.json') return { ...file, text: sharedPackage(home, text, spell) }
    // What wrangler keeps, secrets among it, lies beside its config.
    if (path === '.gitignore')
      return { ...file, text: text.replace(/^\/\.(wrangler|dev\.vars).*$/gm, `$&\n/${home}$&`) }
    if (SHARED.includes(path)) return file
    if (path === 'README.md') return { ...file, path: `${home}/${path}`, text: sharedReadme(home, text) }
    const below = /\.jsonc?$/.test(path) ? text.replace(/"((?:\.\.\/)*)node_modules\//g, '"../$1node_modules/') : text
    return { ...file, path: `${home}/${path}`, text: below }
  })
  return [...moved, marker(home)].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Modules below are ECMAScript modules, whatever those around them are. */
function marker(home: string): EmittedFile {
  const path = `${home}/package.json`
  const text = `${JSON.stringify({ private: true, type: 'module' }, null, 2)}\n`
  return { id: path, path, text, owner: 'merged', mode: '644' }
}

/** Spells the paths in a command or an export: what lies in a folder that moved, or is a file that did. */
function spelling(home: string, paths: readonly string[]): (text: string) => string {
  const folders = new Set(paths.flatMap((path) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])))
  const files = new Set(paths.filter((path) => !path.includes('/')))
  return (text) =>
    text.replace(/(^|\s)(\.\/)?([\w.-]+)(\/|(?=\s|$))/g, (all, before, dot = '', name, slash) =>
      (slash ? folders : files).has(name) ? `${before}${dot}${home}/${name}${slash}` : all,
    )
}

/** Exports below the folder's name, and commands that stay within it. */
function sharedPackage(home: string, text: string, spell: (text: string) => string): string {
  const manifest = JSON.parse(text) as Record<'exports' | 'scripts', Record<string, string>>
  const exports = Object.entries(manifest.exports).map(([key, path]) => [`./${home}${key.slice(1)}`, spell(path)])
  const scripts = Object.entries(manifest.scripts).map(([key, command]) => [key, within(home, key, spell(command))])
  const shared = { ...manifest, exports: Object.fromEntries(exports), scripts: Object.fromEntries(scripts) }
  return `${JSON.stringify(shared, null, 2)}\n`
}

/** Imports of a package and commands of a folder that are not there: all runs from the project around. */
function sharedReadme(home: string, text: string): string {
  return text
    .replace(/'[^'\s]+\/policy(\/sinks)?'/g, (_, sinks) => `'./${home}/src/policy/${sinks ? 'sinks' : 'analytics'}.ts'`)
    .replace('The import works from another package of the same workspace', byPackageName(home))
    .replace(/dir: '[^']+\/logs'/g, "dir: './logs'")
    .replace(/cd \/path\/to\/\S+/g, 'cd /path/to/project')
    .replace(/(-init |-c )(\w+(?:\/\w+)?\.(?:sql|jsonc))/g, `$1${home}/$2`)
    .replace('secret put ANALYTICS_TOKEN', `$& -c ${home}/wrangler.jsonc`) // else it would be the gateway's
}

/** How others import what lies in a folder of a package. */
const byPackageName = (home: string) =>
  `So it is spelled in this package. With the package's name in place of the dot, or as \`<name>/${home}/policy\` where the
package has \`exports\`, it works from another package of the same workspace`

/** Tools that take the whole project unless they are told. */
function within(home: string, script: string, command: string): string {
  if (command === 'tsc') return `tsc -p ${home}`
  if (command === 'wrangler deploy') return `${command} -c ${home}/wrangler.jsonc`
  return script === 'test' ? `${command} ${home}/` : command
}
