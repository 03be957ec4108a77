import { spelling } from './pm.ts'
import { ANSWER_QUESTIONS, type Answers } from './questions.ts'
import { VERSION } from './version.ts'

/**
 * The one line that makes the same project again without a question. Every answer is spelled out and the version is
 * pinned, because defaults and templates change from release to release.
 */
export function replayCommand(dir: string, answers: Answers, more: readonly string[] = []): string {
  const { create, flags } = spelling(answers.pm)
  const given = ANSWER_QUESTIONS.map(({ id, flag }) => `--${flag} ${answers[id as keyof Answers]}`)
  return `${create} stoma-analytics@${VERSION} ${quote(dir)} ${flags}${[...given, ...more, '--yes'].join(' ')}`
}

/** As a shell wants it. */
export const quote = (word: string) => (/^[\w./@:-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)
