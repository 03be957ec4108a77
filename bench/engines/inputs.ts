import { createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Generated, generateLogs } from '../../test/support/generate.ts'

export const KINDS = ['plain', 'plain, gzip', 'trace events', 'trace events, gzip'] as const
export type Kind = (typeof KINDS)[number]
/** Trace ids: 128 random bits for every line, or what a gateway sees (`mixedIds` says what that is). */
export const IDS = ['random', 'mixed'] as const
export type Ids = (typeof IDS)[number]

export interface Inputs {
  /** A folder of 8 files for each kind that was asked for, of the same rows. */
  folders: Record<Kind, string>
  made: Generated
}

const HOUR = { from: '2026-02-28T01:00:00Z', to: '2026-02-28T01:59:00Z' }
/** As many as there may be cores to share them out to; each holds the next stretch of the hour. */
const FILES = 8

/** An hour of traffic as log files, as compressed log files, and as Logpush delivers it. */
export async function makeInputs(work: string, lines: number, ids: Ids, kinds: readonly Kind[]): Promise<Inputs> {
  const home = join(work, 'inputs')
  rmSync(home, { recursive: true, force: true })
  const folders = Object.fromEntries(
    KINDS.map((kind) => [kind, join(home, kind.replaceAll(/\W+/g, '-'))]),
  ) as Inputs['folders']
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true })
  const made = await generateLogs(folders.plain, { lines, files: FILES, rubbish: 0, ids, ...HOUR })
  for (const name of readdirSync(folders.plain)) {
    const plain = join(folders.plain, name)
    const events = join(folders['trace events'], name)
    if (kinds.some((kind) => kind.startsWith('trace')))
      await pipeline(Readable.from(traceEvents(plain)), createWriteStream(events))
    const compress = async (from: string, kind: Kind) => {
      if (!kinds.includes(kind)) return
      const to = createWriteStream(join(folders[kind], `${name}.gz`))
      await pipeline(createReadStream(from), createGzip({ level: 6 }), to)
    }
    await Promise.all([compress(plain, 'plain, gzip'), compress(events, 'trace events, gzip')])
  }
  return { folders, made }
}

/** One event a line, in chunks. */
async function* traceEvents(file: string) {
  let chunk = ''
  for await (const line of createInterface({ input: createReadStream(file) })) {
    chunk += `${traceEvent(line)}\n`
    if (chunk.length < 1 << 16) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

function traceEvent(line: string): string {
  const { timestamp, statusCode } = JSON.parse(line)
  const TimestampMs = Date.parse(timestamp)
  return JSON.stringify({
    ...{ CPUTimeMs: 3, DispatchNamespace: '', Entrypoint: '' },
    Event: {
      RayID: '8f2a1c3b4d5e6f70',
      Request: { URL: 'https://api.example.com/p', Method: 'GET' },
      Response: { Status: statusCode },
    },
    ...{ EventTimestampMs: TimestampMs, EventType: 'fetch', Exceptions: [] },
    Logs: [{ Level: 'log', Message: [line], TimestampMs }],
    ...{ Outcome: 'ok', ScriptName: 'gateway', ScriptTags: [], ScriptVersion: { ID: '0f8fad5b' }, WallTimeMs: 12 },
  })
}
