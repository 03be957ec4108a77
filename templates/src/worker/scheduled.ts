import { openEngine } from '../wiring/engine.ts'
import { createHandlers } from './handlers.ts'

/** The Worker: what wrangler.jsonc starts. */
export default createHandlers(openEngine())
