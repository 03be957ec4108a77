import { CliError } from '../errors.ts'
import { type Answers, QUESTIONS } from '../questions.ts'
import { type EmittedFile, render, testOf } from '../render/index.ts'
import { FILES, holds } from '../render/table.ts'
import type { Templates } from '../templates.ts'
import { mergeJson } from '../upgrade/merge-json.ts'
import { mergeLines } from '../upgrade/merge-lines.ts'
import type { OverlayFile } from './archive.ts'

/**
 * The files of a project with an overlay on top. Pure. What the built-in templates have at the same path is replaced and
 * then treated as ever (literals, header, README markers); package.json and its like are merged key by key, lists of
 * lines line by line; any other file is added.
 */
export function renderOver(
  overlay: readonly OverlayFile[],
  name: string,
  answers: Answers,
  templates: Templates,
  replay?: string,
): EmittedFile[] {
  const ours = filesFor(overlay, answers)
  const replaced = new Map(templates)
  const taken = new Set<string>()
  const replace = (path: string, template: string) => {
    const file = ours.get(path)
    if (!file) return
    replaced.set(template, withoutHeader(file.text))
    taken.add(path)
  }
  for (const { path, template, when, owner } of FILES) {
    if (!holds(when, answers) || owner === 'merged') continue
    replace(path, template)
    const [test, testTemplate] = [testOf(path), testOf(template)]
    if (test && testTemplate) replace(test, testTemplate)
  }
  const files = render(name, answers, replaced, replay).map((file) => {
    const over = ours.get(file.path)
    if (!over) return file
    taken.add(file.path)
    return file.owner === 'merged' ? { ...file, text: merged(file, over) } : { ...file, mode: over.mode }
  })
  const added = [...ours.values()].filter(({ path }) => !taken.has(path))
  return [...files, ...added.map(emitted)].sort((a, b) => (a.path < b.path ? -1 : 1))
}

const emitted = ({ path, text, mode }: OverlayFile): EmittedFile => ({ id: path, path, text, mode, owner: 'managed' })

/** Copied out of a project, a file brings the line that `render` puts first. */
const withoutHeader = (text: string) => text.replace(/^\/\/ From create-stoma-analytics\. .*\n/, '')

function merged({ path, text }: EmittedFile, over: OverlayFile): string {
  if (!path.endsWith('.json') && !path.endsWith('.jsonc')) return mergeLines(text, '', over.text)
  try {
    return mergeJson(text, undefined, over.text, { settle: 'theirs' }).text
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw refused(`its ${path} is no JSON: ${cause.message}`)
  }
}

/**
 * The overlay for these answers, by emitted path. Folders such as `runtime=bun/` and `storage=r2,s3/` at the front limit
 * what lies in them; the more of them a file has, the more it is meant.
 */
function filesFor(overlay: readonly OverlayFile[], answers: Answers): Map<string, OverlayFile> {
  const chosen = new Map<string, { file: OverlayFile; conditions: number }>()
  for (const file of overlay) {
    const parts = file.path.split('/')
    const conditions = parts.slice(0, -1).findIndex((part) => !part.includes('='))
    const count = conditions < 0 ? parts.length - 1 : conditions
    if (!parts.slice(0, count).every((part) => isMet(part, answers, file.path))) continue
    const path = parts.slice(count).join('/')
    if ((chosen.get(path)?.conditions ?? -1) < count) chosen.set(path, { file: { ...file, path }, conditions: count })
  }
  return new Map([...chosen].map(([path, { file }]) => [path, file]))
}

function isMet(condition: string, answers: Answers, path: string): boolean {
  const [key = '', values = ''] = condition.split('=')
  const question = QUESTIONS.find(({ flag, kind }) => flag === key && kind === 'choice')
  if (question?.kind !== 'choice') throw refused(`${path} depends on ${JSON.stringify(key)}, which is no question`)
  // A value that does not exist (yet) is a value that nobody chose.
  return values.split(',').includes(String(answers[question.id as keyof Answers]))
}

function refused(why: string): CliError {
  return new CliError(`The template is refused: ${why}.`, { code: 'TEMPLATE_REFUSED', hint: 'Nothing was written.' })
}
