/** Text to put in before an index. Nothing is ever taken out, so every other byte stays. */
export interface Insertion {
  at: number
  text: string
}

export function insertAll(text: string, insertions: readonly Insertion[]): string {
  let end = text.length
  const parts: string[] = []
  for (const { at, text: inserted } of [...insertions].sort((a, b) => b.at - a.at)) {
    parts.unshift(inserted, text.slice(at, end))
    end = at
  }
  return text.slice(0, end) + parts.join('')
}

/** How the author of a text writes. */
export interface Style {
  eol: string
  /** One step of indentation. */
  unit: string
  quote: string
}

export function styleOf(text: string): Style {
  const indents = [...text.matchAll(/^( {2,8}|\t)(?=[^\s*])/gm)].map(([, indent]) => indent as string)
  const shortest = indents.reduce((least, indent) => (indent.length < least.length ? indent : least), ' '.repeat(8))
  const [, quote = "'"] = /\bfrom\s*(["'])/.exec(text) ?? []
  return {
    eol: /\r?\n/.exec(text)?.[0] ?? '\n',
    unit: indents.includes('\t') ? '\t' : indents.length > 0 ? shortest : '  ',
    quote,
  }
}

/** The blanks that the line around an index begins with. A byte order mark is none. */
export function indentAt(text: string, index: number): string {
  const start = text.lastIndexOf('\n', index - 1) + 1
  return /^\uFEFF?([ \t]*)/.exec(text.slice(start))?.[1] ?? ''
}

/** Where the line of `index` ends, if nothing but a comment follows on it; undefined where code does. */
export function freeLineEnd(text: string, index: number): number | undefined {
  const rest = /^[^\r\n]*/.exec(text.slice(index))?.[0] ?? ''
  return /^[ \t]*(\/\*((?!\*\/).)*\*\/[ \t]*)*(\/\/.*)?$/.test(rest) ? index + rest.length : undefined
}

/** A statement of its own after the one that ends at `end`, whose last token (without a semicolon) ends at `code`. */
export function statementAfter(text: string, code: number, end: number, statement: string, style: Style): Insertion {
  // Where authors leave semicolons out, the one before a `[` on the next line belongs to this statement, too.
  const own = /^\s*;$/.test(text.slice(code, end)) && !/[\r\n]/.test(text.slice(code, end))
  const from = own ? end : code
  const lineEnd = freeLineEnd(text, from)
  const semicolon = own ? ';' : ''
  return lineEnd === undefined
    ? { at: from, text: `${own ? '' : ';'} ${statement}${semicolon}` }
    : { at: lineEnd, text: `${style.eol}${indentAt(text, code)}${statement}${semicolon}` }
}

/**
 * A new first entry of a list in brackets or braces.
 *
 * @param open index behind the opening bracket
 * @param close index of the closing bracket
 * @param first where its first entry starts, if it has one
 */
export function firstEntry(
  text: string,
  { open, close, first }: { open: number; close: number; first: number | undefined },
  entry: string,
  style: Style,
): Insertion {
  const inner = text.slice(open, first ?? close)
  const lineEnd = /[\r\n]/.test(inner) ? freeLineEnd(text, open) : undefined
  if (lineEnd !== undefined) {
    const next = first === undefined ? nextIndent(inner) : indentAt(text, first)
    const indent = next ?? indentAt(text, open) + style.unit
    return { at: lineEnd, text: `${style.eol}${indent}${entry},` }
  }
  if (first !== undefined) return { at: open + blanksAt(inner), text: `${entry}, ` }
  const padded = text[open - 1] === '{' && inner === ''
  return { at: open, text: padded ? ` ${entry} ` : inner.trim() ? `${entry} ` : inner + entry }
}

const blanksAt = (text: string) => /^[ \t]*/.exec(text)?.[0].length ?? 0

/** The indentation of the first line, after the one it starts on, that holds something. */
const nextIndent = (text: string) => /\n([ \t]*)(?=\S)/.exec(text)?.[1]
