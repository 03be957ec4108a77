import { openEngine } from '../wiring/engine.ts'
import { createFetch } from './fetch.ts'
import { createQueue, createQueueScheduled } from './queue.ts'

const engine = openEngine()

/** The Worker: what wrangler.jsonc starts. */
export default {
  queue: createQueue(engine),
  scheduled: createQueueScheduled(engine),
  fetch: createFetch(engine),
}
