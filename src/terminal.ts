/** Nothing is asked without a terminal on both ends, or where CI says so. */
export function canAsk(env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY) && !isCi(env.CI)
}

export const isCi = (value: string | undefined) => !['', '0', 'false'].includes(value?.toLowerCase() ?? '')

/** Colours for a stream: none without a terminal, with NO_COLOR, or on a dumb terminal. */
export function colours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env) {
  const on = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb'
  const paint = (open: number, close: number) => (text: string) =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { on, bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39), green: paint(32, 39), cyan: paint(36, 39) }
}
