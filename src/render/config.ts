/**
 * Sets literals in analytics.config.ts, by key. A key that is not there exactly once throws: the template and this tool
 * come from the same release, so that is a mistake of ours and must not pass as somebody's settings.
 */
export function setLiterals(text: string, literals: Record<string, string | number>): string {
  return Object.entries(literals).reduce((result, [key, value]) => {
    const line = new RegExp(`^( *${key}: ).*(,)$`, 'gm')
    const found = result.match(line)?.length ?? 0
    if (found !== 1) throw new Error(`analytics.config.ts: "${key}" is there ${found} times, not once`)
    return result.replace(line, (_, before, after) => `${before}${literal(value)}${after}`)
  }, text)
}

function literal(value: string | number): string {
  if (typeof value === 'number') return String(value).replace(/\B(?=(\d{3})+$)/g, '_')
  return `'${value.replace(/[\\']/g, '\\$&')}'`
}
