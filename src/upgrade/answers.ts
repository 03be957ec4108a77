import { answersOf, initialValue, numberProblem, parseValue } from '../answers.ts'
import { refuseImpossible } from '../constraints.ts'
import { CliError, usageError } from '../errors.ts'
import type { Manifest } from '../manifest.ts'
import { ANSWER_QUESTIONS, type Answers, type Question, type Settings } from '../questions.ts'
import { nearest } from '../suggest.ts'
import { NAME, VERSION } from '../version.ts'

/**
 * The answers a project is upgraded with: the recorded ones, those of `--set`, and for questions that are newer than the
 * project what keeps it as it is. Throws where this release has no such value, or where answers exclude each other.
 */
export function answersFor(manifest: Manifest, set: Partial<Answers> = {}): Answers {
  for (const question of ANSWER_QUESTIONS) {
    const id = question.id as keyof Answers
    const recorded = manifest.answers[id]
    if (recorded !== undefined && set[id] === undefined) refuseUnknown(question, recorded)
  }
  const answers = { ...recordedAnswers(manifest), ...set }
  refuseImpossible(answers)
  return answers
}

/** The answers a project stands for, as if it had been asked every question of this release. */
function recordedAnswers(manifest: Manifest): Answers {
  const given: Record<string, unknown> = {}
  const situation = { pm: manifest.answers.pm ?? 'npm', insideRepository: false } as const
  for (const question of ANSWER_QUESTIONS) {
    const recorded = manifest.answers[question.id as keyof Answers] ?? question.whenAbsent
    given[question.id] = recorded ?? initialValue(question, given as Partial<Settings>, situation)
  }
  return answersOf(given as unknown as Settings)
}

function refuseUnknown(question: Question, value: unknown): void {
  const isKnown =
    question.kind === 'choice'
      ? question.choices.some((choice) => choice.value === value)
      : question.kind === 'number'
        ? typeof value === 'number' && numberProblem(question, String(value)) === undefined
        : typeof value === 'boolean'
  if (isKnown) return
  throw new CliError(
    `The project was made with ${question.flag} ${JSON.stringify(value)}, which ${VERSION} does not know.`,
    {
      code: 'ANSWER_UNKNOWN',
      hint: `Choose one of this release: ${NAME} upgrade --set ${question.flag}=…  Nothing was changed.`,
    },
  )
}

/** The answers of `--set key=value`, each checked against the table. `key` is a flag without its dashes. */
export function parseSet(pairs: readonly string[]): Partial<Answers> {
  const set: Record<string, unknown> = {}
  for (const pair of pairs) {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? []
    if (!key || !value) throw usageError(`--set ${pair}: it takes key=value, such as granularity=hour.`)
    const question = (ANSWER_QUESTIONS as readonly Question[]).find(({ flag, id }) => flag === key || id === key)
    if (!question) {
      const flags = ANSWER_QUESTIONS.map(({ flag }) => flag)
      const guess = nearest(key, flags)
      throw usageError(
        `--set ${key}: no such answer.${guess ? ` Did you mean ${guess}?` : ''}`,
        `There are: ${flags.join(', ')}.`,
      )
    }
    if (set[question.id] !== undefined) throw usageError(`--set ${key} is given twice.`)
    set[question.id] = question.kind === 'toggle' ? parseToggle(key, value) : parseValue(question, value)
  }
  return set as Partial<Answers>
}

function parseToggle(key: string, value: string): boolean {
  if (/^(yes|true|on)$/.test(value)) return true
  if (/^(no|false|off)$/.test(value)) return false
  throw usageError(`--set ${key}=${value}: it is yes or no.`)
}

/** Answers that are not what the project stands for so far, such as granularity: from day to hour. */
export function changedAnswers(
  manifest: Manifest,
  after: Answers,
): { id: keyof Answers; from: unknown; to: unknown }[] {
  const before = recordedAnswers(manifest)
  const ids = ANSWER_QUESTIONS.map(({ id }) => id as keyof Answers)
  return ids.filter((id) => before[id] !== after[id]).map((id) => ({ id, from: before[id], to: after[id] }))
}
