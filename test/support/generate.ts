import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { mixedIds, randomIds } from './trace-ids.ts'

/** What the generated logs hold, to compare a lake with. Sums are exact: durations are multiples of 1/4. */
export interface Generated {
  lines: number
  valid: number
  statusSum: number
  durationSum: number
  sizeSum: number
  /** Different trace ids. */
  traces: number
  /** Event time of the first and the last entry, in milliseconds since the epoch. */
  first: number
  last: number
}

export interface GenerateOptions {
  lines: number
  files?: number
  /** Share of lines that are no entries. */
  rubbish?: number
  gzip?: boolean
  seed?: number
  /** Event time of the first and the last line. */
  from?: string
  to?: string
  /** `random`: 128 random bits for every line. `mixed`: what a gateway with clients of several kinds sees. */
  ids?: 'random' | 'mixed'
}

/** A small PRNG (mulberry32): the same seed gives the same logs everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const ROUTES = [
  '/products/:id',
  '/cart',
  '/users/:id/orders',
  '/search',
  '/health',
  '/checkout',
  '/assets/*',
  '/ümlaut',
]
const REGIONS = ['eu', 'us', 'ap']
const STATUSES = [200, 200, 200, 200, 200, 200, 201, 204, 304, 400, 404, 500, 503]

/** Writes NDJSON files of gateway traffic in time order, with rubbish of every kind mixed in. */
export async function generateLogs(folder: string, options: GenerateOptions): Promise<Generated> {
  const { lines, files = 1, rubbish = 0.02, gzip = false, seed = 1 } = options
  const from = Date.parse(options.from ?? '2026-02-27T20:00:00Z')
  const to = Date.parse(options.to ?? '2026-03-02T04:00:00Z')
  const next = random(seed)
  const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)] as T
  const total: Generated = {
    ...{ lines: 0, valid: 0, statusSum: 0, durationSum: 0, sizeSum: 0, traces: 0 },
    ...{ first: Number.POSITIVE_INFINITY, last: 0 },
  }
  const ids = options.ids === 'mixed' ? mixedIds(next) : randomIds(next)
  await mkdir(folder, { recursive: true })
  for (let file = 0; file < files; file++) {
    const out = createWriteStream(join(folder, `traffic-${String(file).padStart(4, '0')}.ndjson${gzip ? '.gz' : ''}`))
    const sink = gzip ? createGzip({ level: 1 }) : out
    if (gzip) sink.pipe(out)
    let chunk = ''
    for (let n = Math.floor((lines * file) / files); n < Math.floor((lines * (file + 1)) / files); n++) {
      total.lines++
      if (next() < rubbish) chunk += `${pick(RUBBISH)}\n`
      else {
        const time = new Date(from + Math.floor(((to - from) * n) / lines) + Math.floor(next() * 2000))
        const status = pick(STATUSES)
        const duration = Math.floor(next() * next() * 4000) / 4
        const size = status === 204 || status === 304 ? 0 : Math.floor(next() * 100_000)
        const trace = ids.of(time.getTime())
        total.valid++
        total.first = Math.min(total.first, time.getTime())
        total.last = Math.max(total.last, time.getTime())
        total.statusSum += status
        total.durationSum += duration
        total.sizeSum += size
        chunk +=
          `{"_type":"stoma_analytics","timestamp":"${time.toISOString()}","gatewayName":"edge","routePath":"${pick(ROUTES)}",` +
          `"method":"${next() < 0.8 ? 'GET' : 'POST'}","statusCode":${status},"durationMs":${duration},"responseSize":${size},` +
          `"traceId":"${trace}","dimensions":{"region":"${pick(REGIONS)}"}}\n`
      }
      if (chunk.length > 1 << 16) {
        if (!sink.write(chunk)) await once(sink, 'drain')
        chunk = ''
      }
    }
    sink.end(chunk)
    await once(out, 'close')
  }
  return { ...total, traces: ids.made }
}

const claim = '{"_type":"stoma_analytics","timestamp":"2026-03-01T00:00:00.000Z"'
const RUBBISH = [
  'server listening on :8787',
  '',
  '   ',
  '{"level":"info","msg":"stoma_analytics is on"}',
  '{"_type":"something_else","statusCode":200}',
  claim,
  `${claim},"gatewayName":"edge","routePath":"/x","method":"GET","statusCode":"200","durationMs":1}`,
  `${claim},"gatewayName":"edge","routePath":"/x","method":"GET","statusCode":200,"durationMs":null}`,
  `${claim},"gatewayName":"edge","routePath":"/x","method":"GET","statusCode":200,"durationMs":1,"responseSize":1e300}`,
  `${claim.replace('2026-03-01', '2026-02-30')},"gatewayName":"edge","routePath":"/x","method":"GET","statusCode":200,"durationMs":1}`,
  `${claim.replace('2026', '9999')},"gatewayName":"edge","routePath":"/x","method":"GET","statusCode":200,"durationMs":1}`,
  '["stoma_analytics"]',
  '\u0000\u0001binary "stoma_analytics" \u007f',
]
