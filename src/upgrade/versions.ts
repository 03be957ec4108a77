/** A release as npm orders it: numbers, then the parts behind a `-`, which come before the release itself. */
type Version = { numbers: number[]; pre: string[] }

function parse(text: string): Version | undefined {
  const [, core, pre] = /^v?(\d+(?:\.\d+){0,2})(?:-([\w.-]+))?(?:\+.*)?$/.exec(text.trim()) ?? []
  if (core === undefined) return undefined
  const numbers = core.split('.').map(Number)
  return { numbers: [0, 1, 2].map((index) => numbers[index] ?? 0), pre: pre?.split('.') ?? [] }
}

/** Below 0 where `a` comes before `b`, above where it comes after; undefined where one of them is no version. */
export function compareVersions(a: string, b: string): number | undefined {
  const [one, other] = [parse(a), parse(b)]
  if (!one || !other) return undefined
  for (const index of [0, 1, 2]) {
    const difference = (one.numbers[index] as number) - (other.numbers[index] as number)
    if (difference !== 0) return difference
  }
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length
  for (let index = 0; index < Math.max(one.pre.length, other.pre.length); index++) {
    const order = comparePart(one.pre[index], other.pre[index])
    if (order !== 0) return order
  }
  return 0
}

/** Numbers before words, fewer parts before more. */
function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const isNumber = [a, b].map((part) => /^\d+$/.test(part))
  if (isNumber[0] && isNumber[1]) return Number(a) - Number(b)
  if (isNumber[0] !== isNumber[1]) return isNumber[0] ? -1 : 1
  return a < b ? -1 : 1
}

/** The lowest version that a range of a package.json allows; undefined for what is no simple range (`workspace:*`, a URL, `||`). */
function lowerBound(range: string): string | undefined {
  const [, bound] = /^(?:[\^~]|>=)?\s*(v?\d+(?:\.\d+){0,2}(?:-[\w.-]+)?)$/.exec(range.trim()) ?? []
  return bound
}

/** Of two ranges, the one with the higher lower bound; undefined where they cannot be compared. Equal bounds: the first. */
export function higherRange(a: string, b: string): string | undefined {
  const [one, other] = [lowerBound(a), lowerBound(b)]
  if (one === undefined || other === undefined) return undefined
  const order = compareVersions(one, other)
  if (order === undefined) return undefined
  return order >= 0 ? a : b
}
