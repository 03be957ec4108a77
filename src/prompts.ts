import { basename } from 'node:path'
import { initialValue, numberProblem, openQuestions } from './answers.ts'
import { possibleChoices } from './constraints.ts'
import { messageOf } from './errors.ts'
import { type Target, targetOf } from './names.ts'
import type { Question, Settings, Situation } from './questions.ts'
import { ALL_DEPENDENCIES } from './render/package-json.ts'
import { interrupted } from './signals.ts'
import { countsAsEmpty, targetProblem } from './target.ts'

/** Loads what asks, and greets. Only for a terminal: without one a prompt never settles. */
export async function openPrompts(title: string) {
  const { text, select, confirm, intro, isCancel } = await import('@clack/prompts')
  intro(title)
  return { askForTarget, askForSettings }

  /** Asks for the folder. The same checks as for the argument, while it can still be changed. */
  async function askForTarget(suggestion: string, cwd: string, force: boolean): Promise<Target> {
    const dir = await answered(
      text({
        message: 'Where should the project go?',
        placeholder: suggestion,
        defaultValue: suggestion,
        validate: (text) => folderProblem(text || suggestion, cwd, force),
      }),
    )
    return targetOf(dir, cwd, ALL_DEPENDENCIES)
  }

  /** Asks what is still open, in the order of the table. */
  async function askForSettings(given: Partial<Settings>, situation: Situation): Promise<Partial<Settings>> {
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
    if (question.kind === 'toggle') return answered(confirm({ message, initialValue: initial as boolean }))
    if (question.kind === 'choice') {
      const options = possibleChoices(question, given).map((choice) => ({ label: choice.value, ...choice }))
      return answered(select({ message, options, initialValue: initial as string }))
    }
    const placeholder = String(initial)
    const validate = (text = '') => (text ? numberProblem(question, text) : undefined)
    const number = await answered(text({ message, placeholder, defaultValue: placeholder, validate }))
    return Number(number.replace(/_/g, ''))
  }

  async function answered<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
    const value = await answer
    if (!isCancel(value)) return value as Exclude<T, symbol>
    throw interrupted('SIGINT')
  }
}

function folderProblem(dir: string, cwd: string, force: boolean): string | undefined {
  try {
    const target = targetOf(dir, cwd, ALL_DEPENDENCIES)
    const standing = targetProblem(target.dir)
    if (standing) return standing.message
    return force || countsAsEmpty(target.dir) ? undefined : `${basename(target.dir)} is not empty`
  } catch (error) {
    return messageOf(error)
  }
}
