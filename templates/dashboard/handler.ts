import { columns } from '../src/schema.ts'
import { createGuard } from './access.ts'
import { filesOf, type Lake, rejectedSince } from './lake.ts'
import { rangeOf } from './ranges.ts'

export interface DashboardOptions {
  lake: Lake
  /** A file of the page by its path, `/` being the page itself; null where there is none. */
  asset(path: string, request: Request): Promise<Response | null>
  /** What lets a browser in. Without one, only browsers on this very machine are answered. */
  token?: string | undefined
}

const HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** The page, which files of the lake hold the rows of a window, and ranges of such files. Nothing is ever listed. */
export function createDashboard({ lake, asset, token }: DashboardOptions): (request: Request) => Promise<Response> {
  const guard = createGuard(token)
  const rowsOnly = /^\d{4}(\/\d\d){1,3}\/[\w.-]+\.parquet$/

  async function answer(request: Request): Promise<Response> {
    const refused = await guard(request)
    if (refused) return refused
    if (request.method !== 'GET' && request.method !== 'HEAD') return new Response('Only GET.', { status: 405 })
    const { pathname, searchParams } = new URL(request.url)
    const moment = (name: string) => Number(searchParams.get(name) ?? NaN)
    if (pathname === '/api/files') {
      const [from, to] = [moment('from'), moment('to')]
      if (!(from < to)) return new Response('from and to are wanted, in milliseconds.', { status: 400 })
      return Response.json({
        ...(await filesOf(lake, { from, to })),
        columns: columns.map(({ name, type }) => ({ name, type })),
      })
    }
    if (pathname === '/api/rejected') return Response.json(await rejectedSince(lake, moment('since')))
    if (!pathname.startsWith('/lake/')) return (await asset(pathname, request)) ?? missing()
    const path = pathname.slice('/lake/'.length)
    if (!rowsOnly.test(path)) return missing()
    return rangeOf(lake.storage, `${lake.prefix}/${path}`, searchParams.get('etag') ?? '', request)
  }

  return async (request) => {
    const response = await answer(request).catch(({ message }: Error) => new Response(message, { status: 500 }))
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value)
    return response
  }
}

const missing = () => new Response('There is nothing here.', { status: 404 })
