import { diff3MergeRegions, diffIndices } from 'node-diff3'
import { canonical, inStyleOf, readText, writeText } from './text.ts'

/** A place that both sides changed, in lines. `line` is where it begins in the user's file, counted from 1. */
export interface Hunk {
  line: number
  ours: string[]
  base: string[]
  theirs: string[]
}

/** What to do with a place that both sides changed. */
export type Settle = 'markers' | 'ours' | 'theirs'

export interface TextMerge {
  /** In the user's line endings; conflicting places as `settle` says. */
  text: string
  conflicts: Hunk[]
}

/** Labels behind the markers: they also tell our markers from those that a document quotes. */
export const LABELS = { ours: 'yours', base: 'as it was emitted', theirs: 'the newer template' }

/**
 * Steps that the comparison may take. Past it (tens of thousands of lines, thousands of blank ones) the algorithm takes
 * minutes, or more stack than there is.
 */
const MOST_STEPS = 400_000_000

/** Merges line by line; undefined where the texts are too large to compare. `base` is the text both sides started from. */
export function mergeText(
  ours: string,
  base: string,
  theirs: string,
  settle: Settle = 'markers',
): TextMerge | undefined {
  const [a, o, b] = [readText(ours), readText(base), readText(theirs)]
  const { start, end } = commonEnds(a.lines, o.lines, b.lines)
  const inner = (lines: string[]) => lines.slice(start, lines.length - end)
  const [innerA, innerO, innerB] = [inner(a.lines), inner(o.lines), inner(b.lines)]
  if (steps(innerO, innerA) > MOST_STEPS || steps(innerO, innerB) > MOST_STEPS) return undefined

  const conflicts: Hunk[] = []
  const merged: string[] = []
  for (const region of diff3MergeRegions(innerA, innerO, innerB)) {
    if (region.stable) {
      merged.push(...region.bufferContent)
    } else if (sameLines(region.aContent, region.bContent)) {
      merged.push(...region.aContent)
    } else {
      const hunk = {
        line: start + region.aStart + 1,
        ours: region.aContent,
        base: region.oContent,
        theirs: region.bContent,
      }
      conflicts.push(hunk)
      merged.push(...settled(hunk, settle))
    }
  }
  const lines = [...a.lines.slice(0, start), ...merged, ...a.lines.slice(a.lines.length - end)]
  const isEnded = a.isEnded === o.isEnded ? b.isEnded : a.isEnded
  return { text: withEndingsOf(ours, writeText({ ...a, lines, isEnded })), conflicts }
}

/** How many lines all three begin and end with. */
function commonEnds(a: string[], o: string[], b: string[]): { start: number; end: number } {
  const shortest = Math.min(a.length, o.length, b.length)
  let start = 0
  while (start < shortest && a[start] === o[start] && a[start] === b[start]) start++
  let end = 0
  const last = (lines: string[]) => lines[lines.length - 1 - end]
  while (end < shortest - start && last(a) === last(o) && last(a) === last(b)) end++
  return { start, end }
}

/** Every pair of equal lines is held against every length of a common sequence there may be. */
function steps(one: readonly string[], other: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const line of one) counts.set(line, (counts.get(line) ?? 0) + 1)
  const pairs = other.reduce((sum, line) => sum + (counts.get(line) ?? 0), 0)
  return pairs * Math.min(one.length, other.length)
}

const sameLines = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((line, index) => line === b[index])

function settled({ ours, base, theirs }: Hunk, settle: Settle): string[] {
  if (settle === 'ours') return ours
  if (settle === 'theirs') return theirs
  return [
    `<<<<<<< ${LABELS.ours}`,
    ...ours,
    `||||||| ${LABELS.base}`,
    ...base,
    '=======',
    ...theirs,
    `>>>>>>> ${LABELS.theirs}`,
  ]
}

/** A file of mixed line endings keeps each line's own: nobody's merge should touch lines that nobody changed. */
function withEndingsOf(ours: string, merged: string): string {
  if (inStyleOf(ours, ours) === ours) return merged
  const split = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const raw = split(ours)
  const lines = split(merged)
  const bare = (all: string[]) => all.map((line) => canonical(line))
  const kept: string[] = []
  let at = 0
  for (const { buffer1, buffer2 } of diffIndices(bare(raw), bare(lines))) {
    kept.push(...raw.slice(at, buffer1[0]), ...lines.slice(buffer2[0], buffer2[0] + buffer2[1]))
    at = buffer1[0] + buffer1[1]
  }
  return [...kept, ...raw.slice(at)].join('')
}

/** Where a text holds markers that an upgrade left in it: counted from 1; undefined where it holds none. */
export function lineOfMarkers(text: string): number | undefined {
  const lines = readText(text).lines
  const line = lines.findIndex((line) => line === `<<<<<<< ${LABELS.ours}` || line === `>>>>>>> ${LABELS.theirs}`)
  return line < 0 ? undefined : line + 1
}

/** Where a text holds a whole set of any tool's conflict markers, in order; undefined where it holds none. */
export function lineOfConflict(text: string): number | undefined {
  let open: number | undefined
  let isHalf = false
  for (const [index, line] of readText(text).lines.entries()) {
    if (/^<{7}( |$)/.test(line)) [open, isHalf] = [index + 1, false]
    else if (/^={7}$/.test(line)) isHalf = open !== undefined
    else if (/^>{7}( |$)/.test(line) && isHalf) return open
  }
  return undefined
}
