import { basename } from 'node:path'
import * as clack from '@clack/prompts'
import { type Target, targetOf } from './names.ts'
import {
  initialValue,
  numberProblem,
  openQuestions,
  possibleChoices,
  type Question,
  type Settings,
  type Situation,
} from './questions.ts'
import { ALL_DEPENDENCIES } from './render/package-json.ts'
import { interrupted } from './signals.ts'
import { countsAsEmpty, targetProblem } from './target.ts'

/** Asks for the folder. The same checks as for the argument, while it can still be changed. */
export async function askForTarget(suggestion: string, cwd: string, force: boolean): Promise<Target> {
  const problem = (dir: string): string | undefined => {
    try {
      const target = targetOf(dir, cwd, ALL_DEPENDENCIES)
      const standing = targetProblem(target.dir)
      if (standing) return standing.message
      return force || countsAsEmpty(target.dir) ? undefined : `${basename(target.dir)} is not empty`
    } catch (error) {
      return (error as Error).message
    }
  }
  const dir = await answered(
    clack.text({
      message: 'Where should the project go?',
      placeholder: suggestion,
      defaultValue: suggestion,
      validate: (text) => problem(text || suggestion),
    }),
  )
  return targetOf(dir, cwd, ALL_DEPENDENCIES)
}

/** Asks what is still open, in the order of the table. */
export async function askForSettings(given: Partial<Settings>, situation: Situation): Promise<Partial<Settings>> {
  const settings: Record<string, unknown> = { ...given }
  for (;;) {
    // Looked up anew each time: an answer may settle the next question.
    const question = openQuestions(settings)[0]
    if (!question) return settings
    settings[question.id] = await ask(question, settings, situation)
  }
}

async function ask(question: Question, given: Partial<Settings>, situation: Situation) {
  const initial = initialValue(question, given, situation)
  const message = question.ask
  if (question.kind === 'toggle') return answered(clack.confirm({ message, initialValue: initial as boolean }))
  if (question.kind === 'choice') {
    const options = possibleChoices(question, given).map((choice) => ({ label: choice.value, ...choice }))
    return answered(clack.select({ message, options, initialValue: initial as string }))
  }
  const text = await answered(
    clack.text({
      message,
      placeholder: String(initial),
      defaultValue: String(initial),
      validate: (text) => (text ? numberProblem(question, text) : undefined),
    }),
  )
  return Number(text.replace(/_/g, ''))
}

export const greet = (title: string) => clack.intro(title)

async function answered<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
  const value = await answer
  if (!clack.isCancel(value)) return value as Exclude<T, symbol>
  clack.cancel('Cancelled. Nothing was written.')
  throw interrupted('SIGINT')
}
