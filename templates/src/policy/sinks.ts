import type { Sink } from './analytics.ts'
import { type LogFilesOptions, logFiles } from './log-files.ts'

const MAX_PENDING = 8 * 2 ** 20
const PAGE = 4096

/**
 * Rotating NDJSON files, for Node and Bun; `close` on shutdown writes what is still in memory. A failing or slow disk
 * costs log lines, which is said, and never a request.
 */
export function fileSink(options: LogFilesOptions): Sink & { close(): Promise<void> } {
  const files = logFiles(options)
  let pending: string[] = []
  let pendingChars = 0
  let writing: Promise<void> | undefined
  let [lost, sayAt] = [0, 1]

  function lose(lines: number, why: unknown): void {
    lost += lines
    if (lost < sayAt) return
    sayAt = lost * 10
    console.error(`fileSink: ${lost} log lines for ${options.dir} are lost so far:`, why)
  }

  async function drain(): Promise<void> {
    while (pending.length > 0) {
      await new Promise(setImmediate) // what arrives in one turn of the event loop goes out in one write
      const lines = pending
      ;[pending, pendingChars] = [[], 0]
      await files.write((offset) => pageAligned(lines, offset)).catch((error) => lose(lines.length, error))
    }
    writing = undefined
  }

  const sink: Sink = (_entry, line) => {
    if (pendingChars > MAX_PENDING) return lose(1, 'the disk is slower than the traffic')
    pending.push(line)
    pendingChars += line.length
    writing ??= drain()
  }
  return Object.assign(sink, { close: () => Promise.resolve(writing).then(files.close) })
}

/**
 * A killed process's write(2) ends at the edge of a page, so a line that would cross one begins behind it, after
 * spaces, which JSON allows. Only a line longer than a page can still be cut.
 */
function pageAligned(lines: string[], offset: number): Buffer {
  let end = offset
  const placed = lines.map((line) => {
    const length = Buffer.byteLength(line) + 1
    const room = PAGE - (end % PAGE)
    const spaces = room < length && length <= PAGE ? room : 0
    end += spaces + length
    return `${' '.repeat(spaces)}${line}\n`
  })
  return Buffer.from(placed.join(''))
}
