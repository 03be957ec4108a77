import { wire } from '../src/wiring.ts'
import type { Handed, Said } from './pool.ts'

/** A process that ingests what `pool.ts` hands it, one log at a time, until nothing is left. */

const say = (said: Said) => process.send?.(said)

const ask = () =>
  new Promise<Handed>((resolve) => {
    process.once('message', (handed: Handed) => resolve(handed))
    say('next')
  })

process.once('disconnect', () => process.exit()) // whoever handed out logs is gone, or all are done
const caller = process.ppid
setInterval(() => {
  try {
    process.kill(caller, 0)
  } catch {
    process.exit() // not every runtime tells of a caller that was killed
  }
}, 1000).unref()

let handed = await ask()

async function* logs() {
  for (; handed.pending; handed = await ask()) yield handed.pending
}

await wire(handed.settings).ingest(logs(), say)
process.disconnect()
