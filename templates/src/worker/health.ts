import { createHash, timingSafeEqual } from 'node:crypto'
import { readAll } from '../lake/state.ts'
import type { StorageReader } from '../types.ts'
import { lastKey, type Outcome } from './jobs.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Whether a request carries the token. Without a token of ours nobody is let in. */
export function isAllowed(request: Request, token: string | undefined): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
  // Of equal length, and compared in equal time, whatever was given.
  return Boolean(token && given) && timingSafeEqual(digest(given ?? ''), digest(token ?? ''))
}

/** What the last run of each job came to. 503 where one failed or has never run: what a monitor wants to know. */
export async function health(lake: StorageReader, jobs: readonly string[]): Promise<Response> {
  const last: Record<string, Outcome | null> = {}
  for (const job of jobs) {
    const found = await lake.get(lastKey(job))
    last[job] = found && JSON.parse(Buffer.from(await readAll(found.body)).toString('utf8'))
  }
  const isWell = Object.values(last).every((outcome) => outcome?.errors.length === 0)
  return Response.json(last, { status: isWell ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
