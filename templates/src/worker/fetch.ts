import { createHash, timingSafeEqual } from 'node:crypto'
import { readAll } from '../lake/state.ts'
import { type Env, openBuckets } from './buckets.ts'
import { createJobs, JOBS, lastKey, type Outcome } from './jobs.ts'
import type { Engine, Stores } from './pipeline.ts'
import { parseTime, UsageError } from './settings.ts'

/**
 * Answers whoever knows the secret ANALYTICS_TOKEN, and nobody while there is none.
 *
 *   GET /                                        what the last run of each job came to
 *   POST /replay?from=2026-01-01&to=2026-01-04   rebuilds the partitions in between from the raw logs
 *   POST /retention?keep=400d[&dry]              removes whole partitions older than that, or tells which it would
 */
export const createFetch =
  (engine: Engine) =>
  async (request: Request, env: Env): Promise<Response> => {
    if (!isAllowed(request, env.ANALYTICS_TOKEN)) return notFound()
    const usage = { calls: 0 }
    const stores = openBuckets(env, usage)
    const { pathname, searchParams } = new URL(request.url)
    if (request.method === 'GET' && pathname === '/') return health(stores)
    if (request.method !== 'POST') return notFound()
    const jobs = createJobs(stores, engine, usage)
    const timeOf = (name: string) => parseTime(searchParams.get(name) ?? '', Date.now(), name)
    try {
      if (pathname === '/replay') return answer(await jobs.replay({ from: timeOf('from'), to: timeOf('to') }))
      const isDry = searchParams.has('dry')
      if (pathname === '/retention') return answer(await jobs.retention({ before: timeOf('keep'), isDry }))
      return notFound()
    } catch (error) {
      return new Response(`${(error as Error).message}\n`, { status: error instanceof UsageError ? 400 : 500 })
    }
  }

const notFound = () => new Response('not found\n', { status: 404 })

const answer = (result: { errors: readonly unknown[] }) =>
  Response.json(result, { status: result.errors.length > 0 ? 500 : 200 })

/** 503 where the last run of a job failed, or it has never run: what a monitor wants to know. */
async function health({ lake }: Stores): Promise<Response> {
  const last: Record<string, Outcome | null> = {}
  for (const job of JOBS) {
    const found = await lake.get(lastKey(job))
    last[job] = found && JSON.parse(Buffer.from(await readAll(found.body)).toString('utf8'))
  }
  const isWell = Object.values(last).every((outcome) => outcome?.errors.length === 0)
  return Response.json(last, { status: isWell ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}

const digest = (text: string) => createHash('sha256').update(text).digest()

function isAllowed(request: Request, token: string | undefined): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
  // Digests have equal lengths, and are compared in equal time, whatever was given.
  return Boolean(token && given) && timingSafeEqual(digest(given ?? ''), digest(token ?? ''))
}
