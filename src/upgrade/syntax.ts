import { CliError } from '../errors.ts'
import { parseModule } from '../parse.ts'
import { readJson } from './merge-json.ts'

/** Why a text is no valid file of its kind, such as `line 3: …`; undefined where it is, or where nobody can tell. */
export function syntaxProblem(path: string, text: string): string | undefined {
  try {
    if (/\.[cm]?[jt]sx?$/.test(path)) parseModule(path, text)
    else if (/\.jsonc?$/.test(path)) readJson(text)
    return undefined
  } catch (error) {
    if (error instanceof SyntaxError) return error.message
    if (!(error instanceof CliError) || !(error.cause instanceof SyntaxError)) throw error
    const message = error.cause.message.replace(/ ?\(\d+:\d+\)$/, '')
    return `line ${error.details.line ?? '?'}: ${message}`
  }
}
