import { createHash, timingSafeEqual } from 'node:crypto'

const COOKIE = 'dashboard'
const MIN_LENGTH = 16
const SECONDS_SIGNED_IN = 30 * 24 * 3600

/** The answer to a request that may not pass, or to a sign-in; null for one that may. */
export type Guard = (request: Request) => Promise<Response | null>

/**
 * With a token, a browser passes once its owner typed the token in. Without one only a browser on this very machine
 * does: by the name it asked for, so that no page of somebody else can reach in through a name of its own.
 */
export function createGuard(token: string | undefined): Guard {
  if (token !== undefined && token.length < MIN_LENGTH)
    throw new Error(
      `DASHBOARD_TOKEN: ${MIN_LENGTH} characters or more are wanted, such as \`openssl rand -hex 16\` gives`,
    )
  const secret = token && digest(token).toString('hex')

  return async (request) => {
    const { pathname, hostname, protocol } = new URL(request.url)
    if (!secret) {
      if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return null
      return new Response('This dashboard is closed. To open it, set DASHBOARD_TOKEN where it is served.', {
        status: 403,
      })
    }
    if (request.method === 'POST' && pathname === '/') {
      const given = String((await request.formData()).get('token') ?? '')
      if (!isSame(digest(given).toString('hex'), secret)) return signInPage('This is not the token.')
      const scope = `HttpOnly; SameSite=Lax; Path=/; Max-Age=${SECONDS_SIGNED_IN}${protocol === 'https:' ? '; Secure' : ''}`
      return new Response(null, {
        status: 303,
        headers: { location: '/', 'set-cookie': `${COOKIE}=${secret}; ${scope}` },
      })
    }
    const cookies = (request.headers.get('cookie') ?? '').split(/; */)
    if (cookies.some((cookie) => isSame(cookie, `${COOKIE}=${secret}`))) return null
    return pathname === '/' ? signInPage() : new Response('Sign in first.', { status: 401 })
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
/** Takes the same time wherever they differ. */
const isSame = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))

function signInPage(problem = ''): Response {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Dashboard</title><style>body{font:16px system-ui;margin:20vh auto;max-width:20rem;padding:0 1rem;color-scheme:light dark}
input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin-top:.5rem}</style>
<form method="post" action="/"><label>Token<input name="token" type="password" autocomplete="current-password" required autofocus></label>
<p role="alert">${problem}</p><button>Open the dashboard</button></form></html>`
  return new Response(body, { status: 401, headers: { 'content-type': 'text/html; charset=utf-8' } })
}
