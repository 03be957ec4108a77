import { type Answers, possibleChoices, QUESTIONS } from '../../src/questions.ts'

/** Every combination of answers that a project can be made of; package managers and numbers change only literals. */
export function allCells(): Answers[] {
  let cells: Partial<Answers>[] = [{ pm: 'npm', maxEntries: 100_000 }]
  for (const question of QUESTIONS) {
    if (question.kind !== 'choice' || question.id === 'pm') continue
    cells = cells.flatMap((cell) =>
      possibleChoices(question, cell).map(({ value }) => ({ ...cell, [question.id]: value })),
    )
  }
  return cells as Answers[]
}

export const nameOf = ({ runtime, storage, granularity, parquet, format, trigger }: Answers) =>
  [runtime, storage, granularity, parquet, format, ...(trigger === 'queue' ? [trigger] : [])].join('-')
