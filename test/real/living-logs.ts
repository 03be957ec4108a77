import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { random } from '../support/generate.ts'

/** Three days, so that a log spreads over partitions and every partition is compacted again and again. */
const HOURS = ['2026-03-01T22', '2026-03-01T23', '2026-03-02T00', '2026-03-02T13', '2026-03-03T00']
const HOUR_AGO = 3600

const RUBBISH = ['server listening on :8787', '', '{"_type":"stoma_analytics","timestamp":"2026-03-01T22:00:00Z"}']

export interface LivingLogs {
  folder: string
  /** One thing that happens to logs: lines are appended, a line in two halves, a rotation, a compression. */
  step(): void
  /** A line in every hour, and all files as if nobody had written to them for an hour. */
  settle(): void
  /** Every row that is to be in the lake, as {@link ROW} reads them, sorted: a line that is there twice is two rows. */
  rows(): string[]
  /** Lines of all kinds. */
  lines(): number
  /** The whole text of every log, whatever its file is called by now. */
  texts(): string[]
}

/** The row of a line, as SQL. Ids are `{file}/{line}`. */
export const ROW = `concat_ws(' ', traceId, epoch_ms(timestamp), statusCode, durationMs::INT)`

/** Logs as servers and logrotate treat them, by a seed. */
export function livingLogs(folder: string, seed: number): LivingLogs {
  const next = random(seed)
  const below = (n: number) => Math.floor(next() * n)
  const rows: string[] = []
  const rotated: string[] = []
  const streams = ['app', 'edge'].map((name) => ({ name, file: 0, line: 0 }))
  const texts = new Map<string, string>()
  let lines = 0
  mkdirSync(folder, { recursive: true })

  function entryLine(stream: (typeof streams)[0], hour = HOURS[below(HOURS.length)] as string): string {
    const [statusCode, durationMs] = [200 + below(300), below(1000)]
    const timestamp = `${hour}:${10 + below(50)}:${10 + below(50)}.${100 + below(900)}Z`
    const traceId = `${stream.name}-${stream.file}/${stream.line++}`
    rows.push([traceId, Date.parse(timestamp), statusCode, durationMs].join(' '))
    lines++
    const fixed = { _type: 'stoma_analytics', timestamp, gatewayName: 'edge', routePath: '/', method: 'GET' }
    return `${JSON.stringify({ ...fixed, statusCode, durationMs, responseSize: null, traceId })}\n`
  }

  function append(stream: (typeof streams)[0]): void {
    let text = ''
    for (let n = 1 + below(25); n > 0; n--) {
      const line = entryLine(stream)
      text += line
      if (next() < 0.05) {
        text += line // some loggers say things twice, and then there are two
        rows.push(rows.at(-1) as string)
        lines++
      }
      if (next() < 0.05) {
        text += `${RUBBISH[below(RUBBISH.length)]}\n`
        lines++
      }
    }
    write(stream, text)
  }

  function write({ name, file }: (typeof streams)[0], text: string): void {
    appendFileSync(join(folder, `${name}.ndjson`), text)
    texts.set(`${name}-${file}`, (texts.get(`${name}-${file}`) ?? '') + text)
  }

  return {
    folder,
    rows: () => [...rows].sort(),
    lines: () => lines,
    texts: () => [...texts.values()],
    step() {
      const stream = streams[below(streams.length)] as (typeof streams)[0]
      const what = next()
      const path = join(folder, `${stream.name}.ndjson`)
      if (what < 0.8 || stream.line === 0) append(stream)
      else if (what < 0.9) {
        const line = entryLine(stream)
        const cut = 1 + below(line.length - 1)
        write(stream, line.slice(0, cut))
        write(stream, line.slice(cut))
      } else if (what < 0.95 && rotated.length < 3) {
        renameSync(path, `${path}.${stream.file}`)
        rotated.push(`${path}.${stream.file}`)
        stream.file++
        stream.line = 0
      } else if (rotated.length > 0) {
        const [old] = rotated.splice(below(rotated.length), 1) as [string]
        const hidden = join(folder, '.gz')
        writeFileSync(hidden, gzipSync(readFileSync(old)))
        utimesSync(hidden, Date.now() / 1000 - HOUR_AGO, Date.now() / 1000 - HOUR_AGO)
        renameSync(hidden, `${old}.gz`)
        rmSync(old)
      }
    },
    settle() {
      for (const stream of streams) {
        const path = join(folder, `${stream.name}.ndjson`)
        write(stream, HOURS.map((hour) => entryLine(stream, hour)).join(''))
        for (const file of [path, ...rotated]) utimesSync(file, HOUR_AGO, Date.now() / 1000 - HOUR_AGO)
      }
    },
  }
}
