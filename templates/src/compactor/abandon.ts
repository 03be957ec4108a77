import type { Fragment } from '../lake/fragments.ts'
import { writeMark } from '../lake/state.ts'
import { SCHEMA_VERSION } from '../schema.ts'
import type { FooterMetadata, Mark } from '../types.ts'
import type { CompactorOptions } from './index.ts'

export const DAY_MS = 24 * 3600_000

/**
 * A fragment without a mark is work in progress. Once it is a day old and its raw log is gone, nobody can ever finish
 * it: a mark that lists nothing says so, and the next sweep takes the fragment for the orphan it is. Should its slow
 * worker live after all, that worker finds the mark taken.
 */
export function createAbandon({ storage, prefix, sourceExists, now = Date.now }: CompactorOptions) {
  return async (fragment: Fragment, { sourceName = '', key = '', offset = '' }: FooterMetadata): Promise<void> => {
    if (now() - fragment.lastModified < DAY_MS || !sourceExists || (await sourceExists(sourceName, key))) return
    const counts = { lines: 0, extra: 0, entries: 0, foreign: 0, rejected: {}, dropped: 0, rows: 0 }
    const position = { sourceName, key, path: '', offset: Number(offset), identity: '', size: 0, sha256: '' }
    const at = new Date(now()).toISOString()
    const mark: Mark = { ...position, counts, fragments: [], schemaVersion: SCHEMA_VERSION, at, abandoned: true }
    await writeMark(storage, prefix, mark)
  }
}
