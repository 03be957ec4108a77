import type { Left } from './into/merge.ts'
import { colours } from './terminal.ts'
import { NAME } from './version.ts'

/** The project as a compact tree: a line for each folder, tests counted. */
export function tree(name: string, paths: readonly string[]): string {
  const folders = new Map<string, string[]>()
  for (const path of paths) {
    if (path.startsWith('.stoma/base/')) continue
    const cut = path.lastIndexOf('/') + 1
    folders.set(path.slice(0, cut), [...(folders.get(path.slice(0, cut)) ?? []), path.slice(cut)])
  }
  const width = Math.max(...[...folders.keys()].map((folder) => folder.length))
  const lines = [...folders].sort().map(([folder, files]) => {
    const shown = files.filter((file) => !file.endsWith('.test.ts'))
    const tests = files.length - shown.length
    const counted = tests === 0 ? [] : [`+ ${tests} ${tests === 1 ? 'test' : 'tests'}`]
    return `  ${folder.padEnd(width)}  ${wrap([...shown, ...counted], 76 - width).join(`\n${' '.repeat(width + 4)}`)}`
  })
  return [`${name}/`, ...lines].join('\n')
}

function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const word of words) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length + 2 <= width) lines[lines.length - 1] = `${line}  ${word}`
    else lines.push(word)
  }
  return lines
}

export interface Outcome {
  name: string
  dryRun: boolean
  paths: readonly string[]
  /** Of a project that exists: what it keeps otherwise than the pipeline would have it. */
  left: readonly Left[]
  next: readonly string[]
  replay: string
}

export function summary({ name, dryRun, paths, left, next, replay }: Outcome): string {
  const { bold, dim, cyan, green } = colours(process.stdout)
  const kept = left.map(
    ({ file, key, yours, ours }) => `  ${file} ${key}: ${shown(yours)}\n    ${dim(`here it would be ${shown(ours)}`)}`,
  )
  const told = kept.length > 0 ? `\n${bold('Left as they are:')}\n${kept.join('\n')}\n` : ''
  if (dryRun) return `${tree(name, paths)}\n${told}\n${bold('Dry run:')} nothing was written.\n`
  return `${tree(name, paths)}
${told}
${green('Done.')} ${bold('Next:')}
${next.map((command) => `  ${cyan(command)}`).join('\n')}

${dim('The same project again, without questions:')}
  ${replay}
${dim('A newer release, merged with your edits:')}
  npx ${NAME}@latest upgrade
`
}

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
