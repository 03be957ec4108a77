import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ReadableStream } from 'node:stream/web'
import { promisify } from 'node:util'
import { CliError, messageOf } from '../errors.ts'
import { BOUNDS, type OverlayFile, overlayIntegrity, readArchive } from './archive.ts'
import { isTrusted, parseSource, type Source } from './source.ts'

/** Templates of somebody else, over the built-in ones. */
export interface Overlay {
  /** As it was typed: what an upgrade asks again. */
  source: string
  /** What the ref meant, where the source could tell. */
  commit: string | undefined
  integrity: string
  files: readonly OverlayFile[]
}

const TIMEOUT_MS = 60_000

/**
 * Fetches an overlay, and reads it in memory. Throws TEMPLATE_UNREACHABLE where it could not be had, TEMPLATE_REFUSED
 * where it holds what no template may.
 */
export async function fetchOverlay(text: string, timeoutMs = TIMEOUT_MS): Promise<Overlay> {
  const source = parseSource(text)
  const home = mkdtempSync(join(tmpdir(), 'stoma-template-'))
  try {
    const { packed, folder } = await (source.kind === 'git'
      ? archiveOf(source, home, timeoutMs)
      : download(source, home, timeoutMs)
    ).catch((error) => {
      throw unreachable(text, error)
    })
    const { files, commit } = readArchive(packed, folder)
    return { source: text, commit, integrity: overlayIntegrity(files), files }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
}

interface Packed {
  packed: Uint8Array
  /** Where in the archive the template lies. */
  folder: string
}

/** giget knows where hosts keep their archives; what it unpacks is not used: see `readArchive`. */
async function download(source: Source, home: string, timeoutMs: number): Promise<Packed> {
  const { downloadTemplate } = await import('giget')
  const guard = guardedFetch(timeoutMs)
  const undo = [
    // Its cache answers for other hosts and with old downloads, and its token would go to any host.
    setEnvironment({ XDG_CACHE_HOME: home, TMPDIR: home, TEMP: home, TMP: home }),
    setEnvironment({ GIGET_AUTH: undefined, GIGET_REGISTRY: undefined }),
    setFetch(guard.fetch),
  ]
  try {
    const options = { dir: join(home, 'unused'), registry: false as const, ignore: () => true, silent: true }
    const { subdir = '' } = await downloadTemplate(source.text, options)
    // A download that broke off counts as "take what is in the cache" there, and that is the half that came.
    if (guard.failure) throw guard.failure
    return { packed: archiveIn(home), folder: source.kind === 'host' ? subdir : '' }
  } catch (error) {
    throw guard.failure ?? error
  } finally {
    for (const restore of undo) restore()
  }
}

/** Of a repository: git's own archive of a ref, which names the commit. No checkout, so no filter and no hook runs. */
async function archiveOf(
  { uri, ref, folder }: Source & { kind: 'git' },
  home: string,
  timeout: number,
): Promise<Packed> {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file' }
  const repository = join(home, 'git')
  const git = (...args: string[]) =>
    promisify(execFile)('git', args, { env, timeout, encoding: 'buffer', maxBuffer: BOUNDS.unpacked })
  await git('init', '--quiet', '--bare', repository)
  await git('-C', repository, 'fetch', '--quiet', '--depth=1', '--no-tags', '--', pathOf(uri), ref ?? 'HEAD')
  const { stdout } = await git('-C', repository, 'archive', '--format=tar', '--prefix=template/', 'FETCH_HEAD')
  return { packed: stdout, folder }
}

/** `-C` would move a relative path along. */
const pathOf = (uri: string) => (/^[./]/.test(uri) ? resolve(uri) : uri)

/** The one archive below a folder. */
function archiveIn(home: string): Uint8Array {
  const found = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tar.gz'))
  if (found.length !== 1) throw new Error(`giget left ${found.length} archives`)
  return readFileSync(join(home, found[0] as string))
}

/** `fetch` with an end: so many milliseconds for everything, so many bytes, and never over plain http. */
function guardedFetch(timeoutMs: number) {
  const real = globalThis.fetch
  const signal = AbortSignal.timeout(timeoutMs)
  const guard = { fetch: guarded as typeof fetch, failure: undefined as unknown }
  return guard

  async function guarded(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const response = await real(input, { ...init, signal }).catch(failed)
    if (!isTrusted(new URL(response.url)))
      return failed(new Error(`it leads to ${response.url}, which is not encrypted`))
    const { body, status, statusText, headers } = response
    return new Response(body && ReadableStream.from(counted(body)), { status, statusText, headers })
  }
  async function* counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0
    try {
      for await (const chunk of body) {
        bytes += chunk.length
        if (bytes > BOUNDS.packed) throw new Error(`it is larger than ${BOUNDS.packed >> 20} MB`)
        yield chunk
      }
    } catch (error) {
      failed(error)
    }
  }
  function failed(error: unknown): never {
    guard.failure ??= error
    throw error
  }
}

function setEnvironment(values: Record<string, string | undefined>): () => void {
  const before = Object.keys(values).map((key) => [key, process.env[key]] as const)
  assign(Object.entries(values))
  return () => assign(before)

  function assign(entries: readonly (readonly [string, string | undefined])[]): void {
    for (const [key, value] of entries) {
      if (value === undefined) delete process.env[key]
      else process.env[key] = value
    }
  }
}

function setFetch(replacement: typeof fetch): () => void {
  const before = globalThis.fetch
  globalThis.fetch = replacement
  return () => {
    globalThis.fetch = before
  }
}

function unreachable(source: string, error: unknown): CliError {
  const cause = (error as { cause?: unknown })?.cause
  const why = [messageOf(error), ...(cause ? [messageOf(cause)] : [])].join(': ')
  return new CliError(`The template ${source} could not be had: ${why}`, {
    code: 'TEMPLATE_UNREACHABLE',
    hint: 'Nothing was written. Try again, or leave --template out. A private repository is reached by git:… and ssh.',
    cause: error,
  })
}
