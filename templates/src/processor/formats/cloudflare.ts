import type { ParsedLine, ParseLine } from '../../types.ts'
import { toEntry } from './standard.ts'
import { type RequestRules, traceRequests } from './trace-requests.ts'

const TAG = 'stoma_analytics'
/** Logs and exceptions of an event share 16,384 characters: one message is cut and ends with this, the rest vanish. */
const CUT = '<<<Logpush: messages truncated>>>'
/** The field that events of requests have, as both spellings of the dataset name it. */
const REQUEST = ['"Request"', '"request"']
const NO_REQUESTS: RequestRules = { until: '', routes: [] }

/** The Worker that reads these logs writes logs too: its `ownScript` is passed over, or it would read itself. */
export interface TraceEventsOptions {
  ownScript?: string
  /** What to make of requests that left no entry; by default nothing. */
  requests?: RequestRules
}

/**
 * Workers Trace Events, one JSON object a line: the entries are among the arguments of `console.log`.
 * https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/workers_trace_events/
 */
export function traceEvents({ ownScript, requests = NO_REQUESTS }: TraceEventsOptions = {}): ParseLine {
  const entryOf = traceRequests(requests)
  const parseLine = (line: string): ParsedLine[] => {
    let event: unknown
    try {
      event = JSON.parse(line)
    } catch (error) {
      return [rejected(line.includes(CUT) ? 'truncated' : 'json', (error as Error).message)]
    }
    if (ownScript !== undefined && read(event, 'ScriptName') === ownScript) return [{ kind: 'foreign' }]
    const found = listOf(read(event, 'Logs'))
      .flatMap((log) => listOf(read(log, 'Message')))
      .flatMap(parseArgument)
      .filter(({ kind }) => kind !== 'foreign')
    if (found.length > 0) return found
    const traced = entryOf(requestOf(event))
    if (traced) return [traced]
    // What was cut off may have been the entry: nobody can know, so it is counted.
    return line.includes(CUT) ? [rejected('truncated', 'its messages were cut off by Logpush')] : [toEntry(event)]
  }
  return Object.assign(parseLine, { tags: [TAG, CUT, ...(requests.routes.length > 0 ? REQUEST : [])] })
}

/** An argument of `console.log`: the line that the policy prints, the same as an object, or somebody else's words. */
function parseArgument(argument: unknown): ParsedLine[] {
  if (typeof argument !== 'string') return [toEntry(argument)]
  return argument
    .split('\n')
    .filter((text) => text.includes(`"${TAG}"`))
    .map((text) => {
      try {
        return toEntry(JSON.parse(text))
      } catch (error) {
        return rejected(text.includes(CUT) ? 'truncated' : 'json', (error as Error).message)
      }
    })
}

/** What an event says of its request. */
function requestOf(event: unknown) {
  const [detail, version] = [read(event, 'Event'), read(event, 'ScriptVersion')]
  const request = read(detail, 'Request')
  return {
    url: read(request, 'URL') ?? read(request, 'Url'),
    method: read(request, 'Method'),
    status: read(read(detail, 'Response'), 'Status'),
    rayId: read(detail, 'RayID'),
    outcome: read(event, 'Outcome'),
    scriptName: read(event, 'ScriptName'),
    scriptVersion: read(version, 'Id') ?? version,
    timestampMs: read(event, 'EventTimestampMs'),
    wallTimeMs: read(event, 'WallTimeMs'),
  }
}

/** A field by its name; the same dataset also came with names that begin in lower case. */
function read(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Record<string, unknown>
  return fields[name] ?? fields[name[0]?.toLowerCase() + name.slice(1)]
}

/** Lists are lists of arguments, or of lists of them; what is none stands for one argument. */
const listOf = (value: unknown): unknown[] => (value === undefined ? [] : [value].flat(Infinity))

const rejected = (reason: 'json' | 'truncated', detail: string): ParsedLine => ({ kind: 'rejected', reason, detail })
