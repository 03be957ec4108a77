/**
 * The long mode of the fault campaign: random interleavings of the real processor, compactor and reader under faults.
 *
 *   node --import tsx scripts/campaign.mjs [--minutes 60] [--seed N] [--count N] [--engine json|duckdb] [--verbose]
 */
import { parseArgs } from 'node:util'
import { describeSummary, replay, runCampaign } from '../test/protocol/campaign.ts'
import { fakeEngine, startRealEngine } from '../test/protocol/engines.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    count: { type: 'string' },
    engine: { type: 'string', default: 'json' },
    verbose: { type: 'boolean', default: false },
  },
})
const engines = { json: async () => fakeEngine, duckdb: startRealEngine }
if (!engines[values.engine])
  throw new Error(`--engine: "${values.engine}" is none of ${Object.keys(engines).join(', ')}`)
const engine = await engines[values.engine]()

const limits = {
  seed: Number(values.seed ?? Date.now() % 1_000_000_000),
  count: Number(values.count ?? Number.POSITIVE_INFINITY),
  until:
    values.minutes || !values.count ? Date.now() + Number(values.minutes ?? 60) * 60_000 : Number.POSITIVE_INFINITY,
}
console.log(`from seed ${limits.seed}`)
let told = Date.now()
const onProgress = (sum) => {
  if (Date.now() - told < 10_000) return
  told = Date.now()
  console.log(describeSummary(sum))
}
const sum = await runCampaign(
  { ...limits, onProgress },
  { engine, trace: values.verbose ? (text) => console.log(text) : undefined },
)
for (const history of sum.failed)
  console.error(replay(history, values.engine === 'json' ? '' : `--engine ${values.engine} `))
console.log(describeSummary(sum))
process.exitCode = sum.failed.length ? 1 : 0
