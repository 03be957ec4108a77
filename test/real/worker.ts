import { config } from '../../templates/analytics.config.ts'
import { withLake } from '../../templates/query/duckdb.ts'
import { columns } from '../../templates/src/schema.ts'
import { openEngine } from '../../templates/src/wiring/engine.ts'
import { wire } from '../../templates/src/wiring.ts'

// The jobs of the project in the working folder, in turn and without a pause, from "go" until "stop" or a kill.
const [jobNames = '', settings = '{}'] = process.argv.slice(2)
const { jobs, lake } = wire({ ...config, before: '0s', settle: 30, workers: 1, ...JSON.parse(settings) })
const work: Record<string, () => Promise<{ errors: unknown[] }>> = {
  ingest: () => jobs.ingest(() => {}),
  compact: () => jobs.compact(() => {}),
  read: () => withLake(lake, async ({ rows, broken }) => ({ errors: broken, rows: await rows('FROM analytics') })),
}
await openEngine().writer.open(columns).finish({}) // an engine's start is not what is to be interrupted

let isStopped = false
process.on('message', (word) => {
  if (word === 'stop') isStopped = true
  else void runOn()
})
process.on('disconnect', () => process.exit()) // nobody is there to stop it any more
process.send?.('ready')

async function runOn(): Promise<void> {
  while (!isStopped) {
    for (const job of jobNames.split(',')) {
      const failed = (error: Error) => ({ errors: [{ where: job, message: error.message }] })
      const { errors } = (await work[job]?.().catch(failed)) ?? failed(new Error('no such job'))
      if (errors.length) process.send?.({ job, errors })
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  process.disconnect()
}
