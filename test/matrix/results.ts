import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HOME } from '../support/project.ts'

/** What a test saw of a cell; `npm run matrix` makes the README's table of them. */
export interface CellResult {
  /** As `nameOf` names it. */
  cell: string
  /** `tree`: types, lint and its own tests. `rows`: end to end, and DuckDB read back exactly the rows. */
  check: 'tree' | 'rows'
  /** Where it ran: `Deno 2.9.6`. */
  on: string
}

export const RESULTS = join(HOME, 'matrix-results')

export function record(result: CellResult): void {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(join(RESULTS, `${result.check}-${result.cell}.json`), JSON.stringify(result))
}
