import { readText, writeText } from './text.ts'

/**
 * Merges lists of lines (.gitignore, .gitattributes): what the template added is appended where it is missing, what it
 * dropped goes, and every other line of the user's stays where it is. Two such lists never conflict.
 */
export function mergeLines(ours: string, base: string, theirs: string): string {
  const [a, o, b] = [readText(ours), readText(base), readText(theirs)]
  const bare = (lines: string[]) => new Set(lines.map((line) => line.trim()).filter(Boolean))
  const [inOurs, inBase, inTheirs] = [bare(a.lines), bare(o.lines), bare(b.lines)]
  const dropped = (line: string) => inBase.has(line.trim()) && !inTheirs.has(line.trim())
  const added = b.lines.filter((line) => line.trim() && !inBase.has(line.trim()) && !inOurs.has(line.trim()))
  const kept = a.lines.filter((line) => !dropped(line))
  if (added.length === 0 && kept.length === a.lines.length) return ours
  return writeText({ ...a, lines: [...kept, ...added], isEnded: a.isEnded || added.length > 0 })
}
