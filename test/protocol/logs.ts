import { createHash } from 'node:crypto'
import type { LogSource, Mark, SourceInfo } from '../../templates/src/types.ts'
import type { Random } from './random.ts'

/** Lines that were written to a log at once. Row ids begin with the chunk's, so a row says where it is from. */
export interface Chunk {
  id: string
  text: string
  entries: { id: string; timestamp: string }[]
}

/** One state of a log: growing adds a version, and so do replacing and delivering once more. */
export interface Version {
  chunks: readonly Chunk[]
  bytes: Uint8Array
  etag: string
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Rules of a source that a mutation may take out. */
export interface LogRules {
  refusesOtherContent: boolean
  removesOnlyThisVersion: boolean
}

export type Logs = ReturnType<typeof createLogs>

/** Logs in memory that grow, are replaced, vanish and come again, and what was ever in them. */
export function createLogs(rules: LogRules = { refusesOtherContent: true, removesOnlyThisVersion: true }) {
  const current = new Map<string, Version>()
  const history = new Map<string, Version[]>()
  /** Keys that somebody else deleted or overwrote: what was not in by then may be missing, or be refused. */
  const tampered = new Set<string>()
  let etags = 0

  const put = (key: string, chunks: readonly Chunk[]) => {
    const bytes = Buffer.from(chunks.map(({ text }) => text).join(''))
    const version = { chunks, bytes, etag: `v${++etags}` }
    current.set(key, version)
    history.set(key, [...(history.get(key) ?? []), version])
  }

  /** Called with what is about to be removed, so that whoever checks can object. */
  let onRemove: (key: string, version: Version) => void = () => {}

  const source: LogSource = {
    name: 'logs',
    recheckMs: Infinity,
    async *list() {
      const keys = [...current.keys()].sort()
      for (const key of keys) {
        const { bytes, etag } = current.get(key) as Version
        yield { key, path: key, size: bytes.length, etag, lastModified: 0 } satisfies SourceInfo
      }
    },
    async next(info, newest) {
      const { key, path } = info
      const version = current.get(key)
      if (!version) return 'later'
      const { bytes, etag } = version
      const offset = newest ? newest.offset + newest.size : 0
      const isKnown = !newest || (bytes.length >= offset && sha256(bytes.subarray(0, offset)) === newest.sha256)
      if (!isKnown && rules.refusesOtherContent) throw new Error('other content than ingested before')
      if (bytes.length <= offset) return etag === info.etag ? 'ingested' : 'later'
      const body = (async function* () {
        yield bytes.subarray(offset)
      })()
      const hash = createHash('sha256').update(bytes.subarray(0, offset))
      return { key, path, offset, identity: etag, body, sha256: hash }
    },
    async reopen({ key }, { offset, size }) {
      const version = current.get(key)
      if (!version) return null
      const body = (async function* () {
        yield version.bytes.subarray(offset, offset + size)
      })()
      const sha256 = createHash('sha256').update(version.bytes.subarray(0, offset))
      return { key, path: key, offset, identity: version.etag, body, sha256 }
    },
    exists: async (key) => current.has(key),
    async remove({ key, etag }) {
      const version = current.get(key)
      if (!version || (rules.removesOnlyThisVersion && version.etag !== etag)) return false
      onRemove(key, version)
      current.delete(key)
      return true
    },
  }

  return {
    source,
    current,
    tampered,
    onRemove(listener: typeof onRemove) {
      onRemove = listener
    },
    create: (key: string, chunk: Chunk) => put(key, [chunk]),
    grow: (key: string, chunk: Chunk) => put(key, [...(current.get(key)?.chunks ?? []), chunk]),
    /** The same bytes under another etag. */
    redeliver: (key: string) => put(key, history.get(key)?.at(-1)?.chunks ?? []),
    replace(key: string, chunk: Chunk) {
      tampered.add(key)
      put(key, [chunk])
    },
    vanish(key: string) {
      tampered.add(key)
      current.delete(key)
    },
    everKnown: (key: string) => history.has(key),
    /** The chunks whose bytes are exactly this range of a version that was there once; null when none ever was. */
    chunksOf({ key, offset, size, sha256: hash }: Pick<Mark, 'key' | 'offset' | 'size' | 'sha256'>): Chunk[] | null {
      const version = history.get(key)?.find(({ bytes }) => {
        const end = offset + size
        return bytes.length >= end && sha256(bytes.subarray(0, end)) === hash
      })
      if (!version) return null
      const found: Chunk[] = []
      let at = 0
      for (const chunk of version.chunks) {
        if (at >= offset && at < offset + size) found.push(chunk)
        at += Buffer.byteLength(chunk.text)
      }
      return found
    },
    /** Whether this version begins with exactly the bytes that were marked. */
    beginsWith: ({ bytes }: Version, { offset, size, sha256: hash }: Mark) =>
      bytes.length >= offset + size && sha256(bytes.subarray(0, offset + size)) === hash,
  }
}

const HOURS = ['2026-03-04T05', '2026-03-04T06', '2026-03-04T09', '2026-03-05T00', '2026-04-01T13']

/** Lines of a log: entries over some hours, some of them twice, and at times rubbish. */
export function randomChunk(random: Random, id: string): Chunk {
  const lines: string[] = []
  const entries: Chunk['entries'] = []
  const rows = random.int(5)
  const hours = [random.pick(HOURS), random.pick(HOURS)]
  for (let n = 0; n < rows; n++) {
    const timestamp = `${random.pick(hours)}:00:0${random.int(10)}.000Z`
    const rowId = `${id}.${n}`
    const entry = { _type: 'stoma_analytics', timestamp, gatewayName: 'shop', routePath: '/', method: 'GET' }
    const line = JSON.stringify({ ...entry, statusCode: 200, durationMs: 1, responseSize: null, traceId: rowId })
    for (let copies = random.chance(0.15) ? 2 : 1; copies > 0; copies--) {
      entries.push({ id: rowId, timestamp })
      lines.push(line)
    }
  }
  if (random.chance(0.1)) lines.splice(random.int(lines.length + 1), 0, `server ${id} says hello`)
  if (random.chance(0.05)) lines.push(`{"_type":"stoma_analytics","cut":"${id}`)
  if (!lines.length) lines.push(`nothing happened in ${id}`)
  return { id, entries, text: lines.map((line) => `${line}\n`).join('') }
}
