import { randomUUID } from 'node:crypto'
import { lakeKey } from '../../src/lake/layout.ts'
import { checkLake } from '../../src/lake/state.ts'
import { openEngine } from '../../src/wiring/engine.ts'
import type { Check } from '../doctor.ts'

const MAX_SKEW_MS = 5 * 60_000

/** Whether the lake can be reached, is the one of the config, and keeps what its commits rest on. */
export const checkConditions: Check = async function* ({ settings, storage }) {
  const { prefix, granularity } = settings
  if (await checkLake(storage, prefix, granularity, openEngine().writer.extension))
    yield { what: `${lakeKey(prefix)} agrees with analytics.config.ts` }
  else yield { what: `there is no lake yet at ${settings.lake}: the first ingest founds it` }

  // Among what a replay clears away, should this process end before it does.
  const key = `${prefix}/_state/replay/doctor-${randomUUID()}.tmp`
  const text = (content: string) => new TextEncoder().encode(content)
  const first = await storage.put(key, text('first'), 'absent')
  try {
    const kept = (await storage.put(key, text('second'), 'absent')) === null
    const second = await storage.put(key, text('third'), { ifMatch: first?.etag ?? '' })
    const lost = (await storage.put(key, text('fourth'), { ifMatch: first?.etag ?? '' })) === null
    if (first && kept && second && lost) yield { what: 'the store writes, and keeps to the conditions of a write' }
    else
      yield {
        what: 'the store ignores the condition of a write',
        mend: 'two jobs at once would lose rows: use another store',
      }
    const skew = (first?.lastModified ?? 0) - Date.now()
    const minutes = Math.round(Math.abs(skew) / 60_000)
    if (Math.abs(skew) <= MAX_SKEW_MS) yield { what: "this machine's clock and the store's agree" }
    else yield { what: `this machine's clock is ${minutes} minutes off the store's`, mend: 'set it: let NTP keep it' }
  } finally {
    await storage.delete([key])
  }
}
