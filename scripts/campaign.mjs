/**
 * The long mode of the fault campaign: random interleavings of the real processor, compactor and reader under faults.
 *
 *   node --import tsx scripts/campaign.mjs [--minutes 60] [--seed N] [--count N] [--engine json|duckdb|columnar] [--verbose]
 *   node --import tsx scripts/campaign.mjs --mutations     the table of test/protocol/README.md, measured anew
 */
import { parseArgs } from 'node:util'
import { columnar } from '../test/parquet/helpers.ts'
import { describeSummary, replay, runCampaign } from '../test/protocol/campaign.ts'
import { fakeEngine, startRealEngine } from '../test/protocol/engines.ts'
import { mutants, subjectOf } from '../test/protocol/mutants.ts'
import { campaignThatCatches, storyThatCatches } from '../test/protocol/mutations.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    count: { type: 'string' },
    engine: { type: 'string', default: 'json' },
    verbose: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
  },
})
if (values.mutations) await printMutations()
else await run()

async function run() {
  const engines = {
    json: async () => fakeEngine,
    duckdb: () => startRealEngine(),
    columnar: () => startRealEngine(columnar),
  }
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
}

/** What notices each rule's absence: the first story that breaks, and the interleavings the campaign needs. */
async function printMutations() {
  console.log('| rule taken out | how | first story that breaks | interleavings until the campaign breaks |')
  console.log('|---|---|---|---|')
  for (const mutant of mutants) {
    const subject = await subjectOf(mutant)
    const story = await storyThatCatches(subject)
    const found = mutant.onlyStories ? null : await campaignThatCatches(subject)
    const cells = [
      mutant.rule,
      howOf(mutant),
      story ?? 'none',
      mutant.onlyStories ? '-' : (found?.interleavings ?? 'missed'),
    ]
    console.log(`| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`)
  }
}

function howOf({ patches, broken }) {
  if (patches) return [...new Set(patches.map(([file]) => `\`${file}\` patched`))].join(', ')
  return broken.logRules ? 'the logs do not keep it' : 'the store ignores the condition'
}
