import { openEngine } from '../wiring/engine.ts'
import { createScheduled } from './crons.ts'
import { createFetch } from './fetch.ts'

const engine = openEngine()

/** The Worker: what wrangler.jsonc starts. */
export default { scheduled: createScheduled(engine), fetch: createFetch(engine) }
