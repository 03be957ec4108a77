import type { Node } from '@babel/types'
import { CliError } from '../errors.ts'
import { lineOf, type Source } from '../parse.ts'

/** A shape that is not understood is not touched: what and where, and (from `connect`) what to paste instead. */
export class NotUnderstood extends CliError {
  constructor({ path, text }: Source, node: Node, why: string) {
    const line = lineOf(text, node.start ?? 0)
    super(`${path}:${line}: ${why}.`, { code: 'NOT_UNDERSTOOD', details: { path, line } })
  }
}
