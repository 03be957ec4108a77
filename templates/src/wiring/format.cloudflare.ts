import { cloudflare } from '../../cloudflare.config.ts'
import { requestsBeforePolicy } from '../custom/routes.ts'
import { traceEvents } from '../processor/formats/cloudflare.ts'

/** How a raw log line wraps an entry: Logpush's Workers Trace Events, but for those of this Worker. */
export const parseLine = traceEvents({ ownScript: cloudflare.worker, requests: requestsBeforePolicy })
