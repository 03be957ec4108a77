import { parseArgs } from 'node:util'
import { config } from '../../analytics.config.ts'
import { logFiles } from '../policy/log-files.ts'

// node server.js | npm run capture: keeps every line of stdin, as it is, in rotating files for `ingest`.
const MAX_HELD = 1024 * 1024
const options = { source: { type: 'string', default: config.source } } as const
const { values, positionals } = parseArgs({ options, strict: false })
const { source, ...unknown } = values
// A bucket is no folder: lines reach one through whoever ships the files.
if (typeof source !== 'string' || !/^(?!s3:)./.test(source) || Object.keys(unknown).length + positionals.length > 0) {
  console.error(`capture: --source <folder> (with npm after a --), not "${process.argv.slice(2).join(' ') || source}"`)
  process.exit(2)
}
const files = logFiles({ dir: source })

/** A failure is told and costs lines; ending the pipe because of it would kill the server at its other end. */
async function write(bytes: Buffer): Promise<void> {
  await files
    .write(() => bytes)
    .catch((error) => {
      if (!process.exitCode) console.error(`capture: ${source} cannot be written, lines are being lost:`, error)
      process.exitCode = 1
    })
}

let isStopped = false
function stop(): void {
  isStopped = true
  process.stdin.destroy()
}
process.once('SIGTERM', stop)
process.once('SIGINT', () => setTimeout(stop, 1000)) // Ctrl-C reaches the server too: let its last lines come

let held = Buffer.alloc(0)
try {
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk])
    // A line too long to be held is no entry: it is passed on in pieces, perhaps to two files.
    const end = held.length > MAX_HELD ? held.length : held.lastIndexOf('\n') + 1
    if (end > 0) await write(held.subarray(0, end))
    held = held.subarray(end)
  }
} catch (error) {
  if (!isStopped) throw error // destroying stdin ends the loop with an error
}
if (held.length > 0 && !isStopped) await write(Buffer.concat([held, Buffer.from('\n')]))
else if (held.length > 0) console.error(`capture: stopped within a line; its first ${held.length} bytes are left out`)
await files.close()
