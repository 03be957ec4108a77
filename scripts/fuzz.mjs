/**
 * The long mode of the fuzzers of the columnar engine: lines and trace events for the scanners, columns for the encoder.
 *
 *   node --import tsx scripts/fuzz.mjs [--minutes 60] [--seed N]
 */
import { parseArgs } from 'node:util'
import { createEvents, EVENT_READINGS } from '../test/parquet/fuzz/events.ts'
import { compareScan, createLines } from '../test/parquet/fuzz/lines.ts'
import { compareRows, generatedRows } from '../test/parquet/fuzz/rows.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } } })
const first = Number(values.seed ?? Date.now() % 1_000_000_000)
const until = Date.now() + Number(values.minutes) * 60_000
const counts = { lines: 0, taken: 0 }
const events = { lines: 0, taken: 0 }
let files = 0
let rows = 0
let told = Date.now()
console.log(`from seed ${first}`)
for (let seed = first; Date.now() < until; seed++) {
  try {
    const block = createLines(seed)
    for (const end = counts.lines + 20_000; counts.lines < end; ) compareScan(block(counts.lines % 3 ? 0.6 : 0), counts)
    const eventBlock = createEvents(seed)
    for (const end = events.lines + 20_000; events.lines < end; )
      for (const reading of EVENT_READINGS) compareScan(eventBlock(events.lines % 3 ? 0.5 : 0), events, reading)
    const generated = generatedRows(seed)
    await compareRows(generated)
    files++
    rows += generated.length
  } catch (error) {
    console.error(`node --import tsx scripts/fuzz.mjs --minutes 0.01 --seed ${seed}`)
    throw error
  }
  if (Date.now() - told > 10_000) tell()
}
tell()

function tell() {
  told = Date.now()
  const shown = (number) => number.toLocaleString('en')
  const scans = [`${shown(counts.lines)} lines, ${shown(counts.taken)} taken by the scanner`]
  scans.push(`${shown(events.lines)} trace events, ${shown(events.taken)} taken`)
  console.log(`${scans.join('; ')}; ${files} files of ${shown(rows)} rows`)
}
