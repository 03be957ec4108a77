import { parse } from '@babel/parser'
import { messageOf } from '../errors.ts'
import { readJson } from './merge-json.ts'

/** Why a text is no valid file of its kind, such as `line 3: …`; undefined where it is, or where nobody can tell. */
export function syntaxProblem(path: string, text: string): string | undefined {
  try {
    if (/\.[cm]?tsx?$|\.[cm]?jsx?$/.test(path)) {
      const isJsx = /x$/.test(path) || /\.[cm]?js$/.test(path)
      parse(text.replace(/^\uFEFF/, ''), {
        sourceType: 'module',
        plugins: ['typescript', 'explicitResourceManagement', 'decorators', ...(isJsx ? (['jsx'] as const) : [])],
      })
    } else if (/\.jsonc?$/.test(path)) readJson(text)
    return undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const { loc } = error as { loc?: { line: number } }
    const message = messageOf(error).replace(/ \(\d+:\d+\)$/, '')
    return loc ? `line ${loc.line}: ${message}` : message
  }
}
