import type { Context } from 'hono'
import type { Dimensions } from '../types.ts'

export const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** The pattern of the route that answered. A middleware that answers itself (401) is named after the route it guards. */
export function routePathOf(c: Context): string {
  // Read from the request, not by `hono/route`: that fails where a project holds two copies of Hono.
  const reached = c.req.matchedRoutes.slice(c.req.routeIndex)
  const route = reached.find(({ method, handler }) => method !== 'ALL' || handler.length < 2) ?? reached[0]
  return route?.path ?? '*'
}

/** Bytes of the body as far as the headers tell. */
export function sizeOf(c: Context): number | null {
  if (c.req.method === 'HEAD' || c.res.status === 204 || c.res.status === 304) return 0
  const length = c.res.headers.get('content-length')
  return length && /^\d{1,15}$/.test(length) ? Number(length) : null
}

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/

export const traceIdOf = (c: Context) => TRACEPARENT.exec(c.req.header('traceparent') ?? '')?.[1]

/** Labels are flat: nested values, null and NaN are dropped. */
export function scalars(labels: Record<string, unknown>): Dimensions | undefined {
  const isScalar = (value: unknown) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
  const kept = Object.entries(labels).filter(([, value]) => isScalar(value))
  return kept.length > 0 ? (Object.fromEntries(kept) as Dimensions) : undefined
}

/** Bun finds the type of a string body only when it sends it, and no longer once anybody has touched the body. */
export const isCountable = (c: Context) => c.res.headers.has('content-type') || !('Bun' in globalThis)

/**
 * Passes a body on unchanged and tells its bytes once: when it has ended, or failed, or the client went away. No
 * TransformStream, because Bun does not tell one that its reader has gone.
 */
export function countBody(body: ReadableStream<Uint8Array>, done: (bytes: number) => void): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let bytes = 0
  let isOpen = true
  const end = () => {
    if (isOpen) done(bytes)
    isOpen = false
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      const { done: isOver, value } = await reader.read()
      if (!isOpen) return // cancelled while it waited
      if (isOver) {
        controller.close()
        return end()
      }
      bytes += value.byteLength
      controller.enqueue(value)
    } catch (error) {
      controller.error(error)
      end()
    }
  }
  const cancel = (reason: unknown) => {
    end()
    return reader.cancel(reason)
  }
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
}

/** Workers end an invocation with its response unless told to wait. Elsewhere there is no executionCtx: reading throws. */
export function keepAlive(c: Context, promise: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(promise)
  } catch {} // Node and Bun run it to its end anyway
}
