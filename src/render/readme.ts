const MARKER = /^<!-- (?:if (.+?)|(end)) -->$/
const TEST = /^(\w+)(!?=)([\w|-]+)$/

/**
 * Picks the sections of a markdown template and fills in its facts:
 *
 *   <!-- if parquet=duckdb-wasm -->   (also: key!=value, key=one|other)
 *   …
 *   <!-- end -->
 *   {{name}}
 *
 * Markers stand on lines of their own and do not nest. A marker, key or fact that nobody knows throws, with its line.
 */
export function renderMarkdown(text: string, answers: object, facts: Record<string, string>): string {
  const kept: string[] = []
  let open: { line: number; holds: boolean } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const [marker, test, end] = MARKER.exec(line) ?? []
    if (marker === undefined) {
      if (!open || open.holds) kept.push(fill(line, index + 1, facts))
    } else if (end ? !open : open) {
      throw mistake(index + 1, end ? 'an end without an if' : `an if inside the one of line ${open?.line}`)
    } else {
      open = end ? undefined : { line: index + 1, holds: holds(test as string, index + 1, answers) }
    }
  }
  if (open) throw mistake(open.line, 'an if without an end')
  // What was left out leaves its blank lines behind.
  return kept.join('\n').replace(/\n{3,}/g, '\n\n')
}

function holds(test: string, line: number, answers: object): boolean {
  const [, key = '', operator, values = ''] = TEST.exec(test) ?? []
  if (!(key in answers)) throw mistake(line, `nobody answers "${test}"`)
  const answer = String(answers[key as keyof typeof answers])
  return values.split('|').includes(answer) === (operator === '=')
}

function fill(text: string, line: number, facts: Record<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const fact = facts[key]
    if (fact === undefined)
      throw mistake(line, `there is no fact "${key}" (there are ${Object.keys(facts).join(', ')})`)
    return fact
  })
}

const mistake = (line: number, what: string) => new Error(`templates/README.md:${line}: ${what}`)
