import { spellFlag } from './constraints.ts'
import { parseSource, pinnedSource } from './overlay/source.ts'
import { spelling } from './pm.ts'
import { ANSWER_QUESTIONS, type Answers } from './questions.ts'
import { VERSION } from './version.ts'

/**
 * The one line that makes the same project again without a question. Every answer is spelled out and the version is
 * pinned, because defaults and templates change from release to release. No folder where a flag names it.
 */
export function replayCommand(dir: string | undefined, answers: Answers, more: readonly string[] = []): string {
  const { create, flags } = spelling(answers.pm)
  const given = ANSWER_QUESTIONS.map(({ id, flag }) => spellFlag(flag, answers[id as keyof Answers]))
  const folder = dir === undefined ? '' : `${quote(dir)} `
  return `${create} stoma-analytics@${VERSION} ${folder}${flags}${[...given, ...more, '--yes'].join(' ')}`
}

/** The same for a project in a folder of its name, or at home in another one, with an overlay at its commit. */
export function replayOf(name: string, answers: Answers, { overlay, home }: Origin = {}): string {
  const template = overlay && `--template ${quote(pinnedSource(parseSource(overlay.source), overlay.commit))}`
  return replayCommand(home ? undefined : name, answers, [
    ...(home ? ['--into .'] : []),
    ...(template ? [template] : []),
  ])
}

/** Where a project's files come from and go to, besides the built-in templates and a folder of their own. */
export interface Origin {
  overlay?: { source: string; commit?: string | undefined } | undefined
  home?: string | undefined
}

/** As a shell wants it. */
export const quote = (word: string) => (/^[\w./@:-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)
