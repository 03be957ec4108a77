import { readAll } from '../../src/lake/state.ts'
import { JOBS, lastKey, type Outcome } from '../../src/worker/jobs.ts'
import type { Check } from '../doctor.ts'
import { spell } from './spell.ts'

/** A job that has not run for so long is not running: its cron is in hours at most. */
const SILENCE_MS = { ingest: 3600_000, compact: 26 * 3600_000 }

/** What the last run of each job came to, as the Worker wrote it into the lake. */
export const checkRuns: Check = async function* ({ storage, settings }, now = Date.now()) {
  for (const job of JOBS) {
    const found = await storage.get(lastKey(job))
    if (!found) {
      const mend = 'deploy the Worker, or name the deployed lake: see `lake` in analytics.config.ts'
      yield { what: `${job} has never run on ${settings.lake}`, mend }
      continue
    }
    const { at, errors }: Outcome = JSON.parse(Buffer.from(await readAll(found.body)).toString('utf8'))
    const age = now - Date.parse(at)
    const what = `${job} ran ${spell(age)} ago`
    if (errors.length > 0)
      yield { what: `${what} and failed: ${errors[0]?.message}`, mend: 'see the errors in its logs' }
    else if (age > SILENCE_MS[job]) yield { what, mend: 'are its crons deployed? See the Worker in the dashboard' }
    else yield { what }
  }
}
