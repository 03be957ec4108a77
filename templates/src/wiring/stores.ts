import { join, resolve, sep } from 'node:path'
import { localPins } from '../lake/pins.ts'
import { localStorageAdapter } from '../storage/local.ts'
import { localLogs } from '../storage/logs.ts'

/** What `analytics.config.ts` says of them. */
export interface StoreSettings {
  source: string
  lake: string
  settle: number
}

/** Where raw logs and the lake lie, and how readers hold on to files of it. */
export function openStores({ source, lake, settle }: StoreSettings) {
  if (join(resolve(lake), sep).startsWith(join(resolve(source), sep)))
    throw new Error(`source "${source}" holds the lake itself: give the logs a folder of their own, such as ./logs`)
  return {
    source: localLogs(source, { settleMs: settle * 1000 }),
    storage: localStorageAdapter(lake),
    openPins: () => localPins(lake),
  }
}
