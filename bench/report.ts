import { readFileSync, writeFileSync } from 'node:fs'
import { table } from './measure.ts'

let said: string[] = []

/** Prints a paragraph of Markdown, and keeps it for whoever records. */
export function say(text: string): void {
  console.log(`\n${text}`)
  said.push(text)
}

export const printTable = (title: string, head: string[], rows: string[][]) =>
  say(`**${title}**\n\n${table(head, rows)}`)

/** What is said while `run` is under way. */
export async function record(run: () => Promise<unknown>): Promise<string> {
  said = []
  await run()
  return said.join('\n\n')
}

/** Puts a text between the marks `<!-- bench name -->` and `<!-- end bench name -->` of a page. */
export function writeBetween(page: URL, name: string, text: string): void {
  const [start, end] = [`<!-- bench ${name} -->`, `<!-- end bench ${name} -->`]
  const [before = '', rest = ''] = readFileSync(page, 'utf8').split(start)
  const after = rest.split(end)[1]
  if (after === undefined) throw new Error(`${page.pathname}: the marks ${start} and ${end} are gone`)
  writeFileSync(page, `${before}${start}\n\n${text}\n\n${end}${after}`)
}
