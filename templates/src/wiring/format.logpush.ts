import { requestsBeforePolicy } from '../custom/routes.ts'
import { traceEvents } from '../processor/formats/cloudflare.ts'

/** How a raw log line wraps an entry: Logpush's Workers Trace Events. */
export const parseLine = traceEvents({ requests: requestsBeforePolicy })
