/** The known word nearest to what was typed, or undefined when none is near enough (`most` edits) to be meant. */
export function nearest(word: string, known: readonly string[], most = Number.POSITIVE_INFINITY): string | undefined {
  const far = Math.min(most, Math.max(1, Math.floor(word.length / 2.5)))
  let best: { word: string; distance: number } | undefined
  for (const candidate of known) {
    const near = candidate.startsWith(word) && word.length > 2 ? 1 : distance(word.toLowerCase(), candidate)
    if (near <= far && (!best || near < best.distance)) best = { word: candidate, distance: near }
  }
  return best?.word
}

/** Edits (insert, delete, replace, swap of neighbours) from one word to the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next[j] = Math.min(
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped ? (before[j - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = row
    row = next
  }
  return row[b.length] as number
}
