import { posix } from 'node:path'

/** Where a file that lay at a path lies once everything is done; the path itself where nobody moved it. */
export type Relocate = (path: string) => string

/** What a module names by a relative path: imports, exports, `import()` and `new URL('…', import.meta.url)`. */
const RELATIVE = /(\bfrom\s*|\bimport\s*|\bimport\(\s*|\bnew URL\(\s*)(['"])(\.{1,2}\/[^'"\n]*)\2/g

export const isModule = (path: string) => /\.[cm]?[jt]sx?$/.test(path)

/**
 * A module's text as it reads at `home`, where it used to lie at `from`, with the files that it names where `relocate`
 * has them. What names a file that did not move, relative to one that did not, stays as it is to the byte. Whoever moves
 * files changes imports all over: brought to one layout first, three texts differ only in what somebody meant to change.
 */
export function inLayout(text: string, from: string, home: string, relocate: Relocate): string {
  return text.replace(RELATIVE, (whole, before: string, quote: string, specifier: string) => {
    const target = posix.join(posix.dirname(from), specifier)
    const now = relocate(target)
    if (now === target && from === home) return whole
    const path = posix.relative(posix.dirname(home), now)
    return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
  })
}

/** A text whose imports say nothing of where files lie: it is the same before and after they are moved. */
export const withoutPlaces = (text: string): string =>
  text.replace(
    RELATIVE,
    (_, before: string, quote: string, path: string) => `${before}${quote}./${posix.basename(path)}${quote}`,
  )

/** One file in the three layouts, and where it lies once the upgrade is done. */
export interface Place {
  emitted?: string | undefined
  owned?: string | undefined
  next?: string | undefined
  final: string
}

/** From the layout of what was emitted, of the user's project and of the newer template to the one that comes of them. */
export function layoutsOf(places: readonly Place[]): Record<'emitted' | 'owned' | 'next', Relocate> {
  const layout = (of: (place: Place) => string | undefined): Relocate => {
    const moved = new Map(places.flatMap((place) => (of(place) === undefined ? [] : [[of(place), place.final]])))
    return (path) => moved.get(path) ?? path
  }
  return {
    emitted: layout(({ emitted }) => emitted),
    owned: layout(({ owned }) => owned),
    next: layout(({ next }) => next),
  }
}
