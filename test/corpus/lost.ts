import type { Tree } from './tree.ts'

/** How often each line stands in a tree. White space around it and a comma at its end count for nothing: JSON moves both. */
export type Lines = ReadonlyMap<string, number>

export function linesOf(tree: Tree): Lines {
  const lines = new Map<string, number>()
  for (const text of tree.values()) {
    for (const raw of text.split('\n')) {
      const line = raw
        .replace(/^\ufeff/, '')
        .trim()
        .replace(/,$/, '')
      if (line !== '') lines.set(line, (lines.get(line) ?? 0) + 1)
    }
  }
  return lines
}

/**
 * Edits of one side that are not in the result, as lines: added ones that are missing, removed ones that are back. What
 * the other side did to the same line elsewhere is allowed for. A conflict keeps the user's file as it is, so its lines
 * must be there just the same.
 */
export function lostEdits(base: Lines, mine: Lines, other: Lines, result: Lines): string[] {
  const lost: string[] = []
  for (const line of new Set([...base.keys(), ...mine.keys()])) {
    const [was, is, theirs, now] = [base, mine, other, result].map((lines) => lines.get(line) ?? 0) as [
      number,
      number,
      number,
      number,
    ]
    if (is > was && now < is - Math.max(0, was - theirs)) lost.push(`+ ${line}`)
    if (is < was && now > is + Math.max(0, theirs - was)) lost.push(`- ${line}`)
  }
  return lost
}
