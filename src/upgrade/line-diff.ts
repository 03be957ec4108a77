import { diffIndices } from 'node-diff3'
import { readText } from './text.ts'

/** How a diff is coloured; plain functions where it is not. */
export interface Paint {
  red: (text: string) => string
  green: (text: string) => string
  dim: (text: string) => string
  bold: (text: string) => string
}

const CONTEXT = 3
/** Past this, a file is only said to differ: comparing it would take minutes. */
const MOST_LINES = 20_000

/** A unified diff of two texts; with `byWord`, changed words stand inside their line as `[-old-]` and `{+new+}`, or coloured. */
export function unifiedDiff(path: string, before: string, after: string, paint: Paint, byWord = false): string {
  const [a, b] = [readText(before).lines, readText(after).lines]
  const head = `${paint.bold(`--- ${path}`)}\n${paint.bold(`+++ ${path}`)}\n`
  if (a.length > MOST_LINES || b.length > MOST_LINES) return `${head}${paint.dim('(too large to show)')}\n`
  const changes = diffIndices(a, b).map(({ buffer1: [from, gone], buffer2: [to, come] }) => ({ from, gone, to, come }))
  if (changes.length === 0) return ''
  let text = head
  for (let first = 0; first < changes.length; ) {
    let last = first
    const end = (at: number) => (changes[at] ? changes[at].from + changes[at].gone : 0)
    while (changes[last + 1] && (changes[last + 1]?.from ?? 0) - end(last) <= CONTEXT * 2) last++
    text += hunk(a, b, changes.slice(first, last + 1), paint, byWord)
    first = last + 1
  }
  return text
}

interface Change {
  from: number
  gone: number
  to: number
  come: number
}

function hunk(a: string[], b: string[], changes: readonly Change[], paint: Paint, byWord: boolean): string {
  const [first, last] = [changes[0] as Change, changes.at(-1) as Change]
  const start = Math.max(0, first.from - CONTEXT)
  const end = Math.min(a.length, last.from + last.gone + CONTEXT)
  const startB = first.to - (first.from - start)
  const endB = last.to + last.come + (end - last.from - last.gone)
  const range = (from: number, length: number) => `${length === 0 ? from : from + 1},${length}`
  const lines = [paint.dim(`@@ -${range(start, end - start)} +${range(startB, endB - startB)} @@`)]
  let at = start
  for (const { from, gone, to, come } of changes) {
    lines.push(...a.slice(at, from).map((line) => ` ${line}`))
    const [old, now] = [a.slice(from, from + gone), b.slice(to, to + come)]
    if (byWord && gone > 0 && come > 0) lines.push(...wordDiff(old.join('\n'), now.join('\n'), paint).split('\n'))
    else lines.push(...old.map((line) => paint.red(`-${line}`)), ...now.map((line) => paint.green(`+${line}`)))
    at = from + gone
  }
  lines.push(...a.slice(at, end).map((line) => ` ${line}`))
  return `${lines.join('\n')}\n`
}

/** Two texts as one, with what changed between them word by word. */
function wordDiff(old: string, now: string, paint: Paint): string {
  const words = (text: string) => text.match(/\w+|\n|[^\S\n]+|[^\w\s]/g) ?? []
  const [a, b] = [words(old), words(now)]
  const isColoured = paint.red('') !== ''
  const gone = (text: string) => (isColoured ? paint.red(text) : `[-${text}-]`)
  const come = (text: string) => (isColoured ? paint.green(text) : `{+${text}+}`)
  // A colour or a bracket never goes across a line.
  const perLine = (parts: string[], show: (text: string) => string) =>
    parts
      .join('')
      .split('\n')
      .map((line) => (line ? show(line) : ''))
      .join('\n')
  let [text, at] = ['', 0]
  for (const { buffer1, buffer1Content, buffer2Content } of diffIndices(a, b)) {
    text += a.slice(at, buffer1[0]).join('') + perLine(buffer1Content, gone) + perLine(buffer2Content, come)
    at = buffer1[0] + buffer1[1]
  }
  text += a.slice(at).join('')
  return text.replace(/^/gm, '~')
}
