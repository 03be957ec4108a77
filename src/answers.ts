import { broken, possibleChoices, refuseImpossible } from './constraints.ts'
import { usageError } from './errors.ts'
import { ANSWER_QUESTIONS, type Answers, QUESTIONS, type Question, type Settings, type Situation } from './questions.ts'
import { nearest } from './suggest.ts'

/** What is wrong with a number typed into a flag or a prompt; undefined when nothing is. */
export function numberProblem(question: Question & { kind: 'number' }, text: string): string | undefined {
  const value = Number(text.replace(/_/g, ''))
  if (/^\d[\d_]*$/.test(text) && value >= question.min && value <= question.max) return undefined
  return `${question.flag} is a whole number from ${question.min} to ${question.max}`
}

/** The value of a flag, checked against the table. */
export function parseValue(question: Question, text: string): string | number | boolean {
  if (question.kind === 'number') {
    const problem = numberProblem(question, text)
    if (problem) throw usageError(`--${question.flag} ${JSON.stringify(text)}: ${problem}.`)
    return Number(text.replace(/_/g, ''))
  }
  if (question.kind === 'toggle') throw new TypeError(`--${question.flag} takes no value`)
  const values = question.choices.map((choice) => choice.value)
  if (values.includes(text)) return text
  const guess = nearest(text, values)
  throw usageError(
    `--${question.flag} ${JSON.stringify(text)} does not exist in this release.${guess ? ` Did you mean ${guess}?` : ''}`,
    `Values of --${question.flag}: ${values.join(', ')}.`,
    { flag: question.flag, values },
  )
}

/** The default, or the first choice that goes with the answers so far. */
export function initialValue(question: Question, given: Partial<Settings>, situation: Situation) {
  if (question.kind !== 'choice') return question.initial(given, situation)
  const possible = possibleChoices(question, given).map((choice) => choice.value)
  const wanted = question.initial(given, situation)
  return possible.includes(wanted) ? wanted : (possible[0] ?? wanted)
}

/** What a prompt would ask: not yet answered, and more than one answer is possible. */
export function openQuestions(given: Partial<Settings>): Question[] {
  return QUESTIONS.filter((question) => {
    if (given[question.id] !== undefined) return false
    if (question.kind === 'choice') return possibleChoices(question, given).length > 1
    return question.kind !== 'toggle' || !broken({ ...given, [question.id]: true })
  })
}

export function withDefaults(given: Partial<Settings>, situation: Situation): Settings {
  const settings: Record<string, unknown> = { ...given }
  for (const question of QUESTIONS) settings[question.id] ??= initialValue(question, settings, situation)
  refuseImpossible(settings)
  return settings as unknown as Settings
}

export function answersOf(settings: Settings): Answers {
  return Object.fromEntries(ANSWER_QUESTIONS.map(({ id }) => [id, settings[id]])) as unknown as Answers
}
