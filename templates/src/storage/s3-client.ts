import { AwsV4Signer } from 'aws4fetch'
import { textOf } from './xml.ts'

export interface S3Options {
  bucket: string
  region: string
  /** Of another provider than AWS, such as `https://<account id>.r2.cloudflarestorage.com`. */
  endpoint?: string
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface S3Request {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Of the object; none is the bucket. */
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Codes of refusals that are an answer here: null. */
  expect?: readonly string[]
}

export interface S3Answer extends Pick<Response, 'status' | 'headers'> {
  text(): Promise<string>
  /** The body, which is to be read to its end or returned. */
  chunks(): AsyncIterator<Uint8Array, undefined>
}

type Read<T> = (answer: S3Answer) => T | Promise<T>
/** Sends a request until it is answered; `read` is part of each attempt, so that an answer cut short is asked for again. */
export type S3Client = <T>(request: S3Request, read: Read<T>) => Promise<T | null>

/** There is no such object, the condition did not hold: by code, or by status where the answer has no body. */
export const ABSENT = ['NoSuchKey', '404']
export const UNMET = ['PreconditionFailed', '412']

const ATTEMPTS = 6
const STALL_MS = 60_000

export class S3Error extends Error {
  /** As S3 calls it: `NoSuchBucket`. */
  readonly code: string
  /** The same request may well succeed a moment later. */
  readonly isTransient: boolean

  constructor(message: string, { code = '', isTransient = false, cause }: Partial<S3Error> = {}) {
    super(message, { cause })
    this.code = code
    this.isTransient = isTransient
  }
}

/** Signed requests to one bucket, by path: `{endpoint}/{bucket}/{key}`. */
export function s3Client(options: S3Options): S3Client {
  const { bucket, region, endpoint, sessionToken, ...keys } = options
  const home = `${(endpoint || `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '')}/${bucket}`

  async function attempt<T>(request: S3Request, read: Read<T>): Promise<T | null> {
    const { method, key = '', query, headers, body, expect = [] } = request
    const url = `${home}/${encode(key).replaceAll('%2F', '/')}${query ? `?${queryOf(query)}` : ''}`
    const credentials = { ...keys, sessionToken: sessionToken || undefined, service: 's3', region }
    const signed = await new AwsV4Signer({ method, url, headers, body, ...credentials }).sign()
    const { signal, wait } = watch(`${method} ${home}/${key}`)
    // Bun unpacks what is stored with a Content-Encoding, but only the first of several gzip members: take it as it is.
    const init = { method, headers: signed.headers, body, redirect: 'manual', signal, decompress: false } as const
    const response = await wait(fetch(signed.url, init as RequestInit))
    const text = () => wait(response.text())
    if (!response.ok) {
      const refused = refusal(request, response, await text(), options)
      if (expect.includes(refused.code)) return null
      throw refused
    }
    return await read({
      status: response.status,
      headers: response.headers,
      text,
      chunks: () => chunksOf(response, wait),
    })
  }

  return async (request, read) => {
    for (let failures = 0; ; ) {
      try {
        return await attempt(request, read)
      } catch (error) {
        if (!isTransient(error) || ++failures === ATTEMPTS) throw error
        await pause(failures)
      }
    }
  }
}

export const isTransient = (error: unknown) => error instanceof S3Error && error.isTransient

/** Longer after each failure, and never the same for two who failed together: 0.1 to 0.2 s, … 1.6 to 3.2 s. */
export const pause = (failures: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, 100 * 2 ** (failures - 1) * (1 + Math.random())))

function chunksOf({ body }: Response, wait: Wait): AsyncIterator<Uint8Array, undefined> {
  const chunks = body?.[Symbol.asyncIterator]()
  const end = { done: true, value: undefined } as const
  return {
    next: async () => (chunks ? await wait(chunks.next()) : end),
    return: async () => (await chunks?.return?.()) ?? end,
  }
}

/** Waits for something to be heard, for a minute at most. */
type Wait = <T>(step: Promise<T>) => Promise<T>

/** Ends an exchange in which nothing is heard for a minute; a broken connection becomes an error that may pass. */
function watch(what: string): { signal: AbortSignal; wait: Wait } {
  const abort = new AbortController()
  const passing = (message: string, cause?: unknown) => new S3Error(`${what}: ${message}`, { isTransient: true, cause })
  return {
    signal: abort.signal,
    async wait(step) {
      const silence = passing(`nothing was heard for ${STALL_MS / 1000} seconds`)
      const timer = setTimeout(() => abort.abort(silence), STALL_MS)
      try {
        return await step
      } catch (error) {
        if (abort.signal.aborted) throw abort.signal.reason
        const { cause = error } = error as Error // Node hides what happened behind "fetch failed"
        throw passing((cause as Error).message || String(cause), error)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** As signatures want it: more is encoded than `encodeURIComponent` does. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const queryOf = (query: Record<string, string>) =>
  Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')

/** A refusal in the words of the store, and what to do about it. */
function refusal({ method, key = '' }: S3Request, response: Response, body: string, options: S3Options): S3Error {
  const { status, statusText, headers } = response
  const code = textOf(body, 'Code') ?? String(status)
  const region = headers.get('x-amz-bucket-region') ?? textOf(body, 'Region')
  const said = [code, textOf(body, 'Message') ?? statusText].filter(Boolean).join(': ').replace(/\.?$/, '.')
  const message = `${method} s3://${options.bucket}/${key}: ${said} ${adviceOn(code, status, region, options)}`
  const isTransient = status === 429 || status === 409 || (status >= 500 && status !== 501) || code === 'RequestTimeout'
  return new S3Error(message.trim(), { code, isTransient })
}

function adviceOn(code: string, status: number, region: string | null, { bucket, endpoint }: S3Options): string {
  const home = endpoint || 'AWS'
  if (code === 'NoSuchBucket') return `There is no bucket "${bucket}" at ${home}: create it, or name another one.`
  if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed')
    return `The bucket is in another region${region ? `: set \`region\` to '${region}'` : ''}, or not at ${home}.`
  if (code === 'RequestTimeTooSkewed')
    return `This machine's clock says ${new Date().toISOString()}, the store's is too far from that: set the clock.`
  if (code === 'ExpiredToken') return 'The credentials in the environment have expired: renew them.'
  if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch')
    return 'The credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not those of this store.'
  if (status === 401 || status === 403)
    return 'The credentials must allow to list the bucket, and to get, put and delete its objects.'
  if (status === 501) return 'This store lacks something that the lake needs, most likely conditional writes.'
  return ''
}
