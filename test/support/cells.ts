import { possibleChoices } from '../../src/constraints.ts'
import { type Answers, QUESTIONS } from '../../src/questions.ts'

/** Every combination of answers that a project can be made of; package managers and numbers change only literals. */
export function allCells(): Answers[] {
  let cells: Partial<Answers>[] = [{ pm: 'npm', maxEntries: 100_000 }]
  for (const question of QUESTIONS) {
    if (question.kind !== 'choice' || question.id === 'pm') continue
    cells = cells.flatMap((cell) =>
      possibleChoices(question, cell).map(({ value }) => ({ ...cell, [question.id]: value })),
    )
  }
  // The page reads Parquet only. Whoever wants none gets the same project without its folder: one granularity tells.
  const both = ({ parquet, granularity }: Partial<Answers>) =>
    parquet === 'ndjson' ? [false] : granularity === 'day' ? [true, false] : [true]
  return cells.flatMap((cell) => both(cell).map((dashboard) => ({ ...cell, dashboard }))) as Answers[]
}

export function nameOf({ runtime, storage, granularity, parquet, format, trigger, dashboard }: Answers): string {
  const more = [...(trigger === 'queue' ? [trigger] : []), ...(dashboard || parquet === 'ndjson' ? [] : ['bare'])]
  return [runtime, storage, granularity, parquet, format, ...more].join('-')
}

/**
 * A few cells in which every runtime meets every value that it can be asked with: of other questions, not of all pairs of
 * them. What can be chosen from tomorrow on is among them by itself.
 */
export function coveringCells(cells: readonly Answers[]): Answers[] {
  const meetings = (cell: Answers) => Object.entries(cell).map(([id, value]) => `${cell.runtime} ${id}=${value}`)
  const open = new Set(cells.flatMap(meetings))
  const chosen: Answers[] = []
  while (open.size > 0) {
    const gain = (cell: Answers) => meetings(cell).filter((meeting) => open.has(meeting)).length
    const best = cells.reduce((a, b) => (gain(b) > gain(a) ? b : a))
    for (const meeting of meetings(best)) open.delete(meeting)
    chosen.push(best)
  }
  return chosen
}
