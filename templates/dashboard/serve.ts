import { serve } from '@hono/node-server'
import { withStorage } from '../query/lake.ts'
import { runCommand, UsageError } from '../src/worker/settings.ts'
import { localAssets } from './assets.ts'
import { createDashboard } from './handler.ts'

const hostname = process.env.HOST ?? '127.0.0.1'
const token = process.env.DASHBOARD_TOKEN || undefined

await runCommand(({ settings }) => ({
  /** Serves the page until Ctrl-C. Other machines are let in only by HOST and a token. */
  dashboard() {
    if (!token && hostname !== '127.0.0.1') throw new UsageError(`HOST=${hostname} wants a DASHBOARD_TOKEN as well`)
    return withStorage(settings, (lake) => {
      const fetch = createDashboard({ lake, asset: localAssets(), token })
      return new Promise((resolve, reject) => {
        const server = serve({ fetch, hostname, port: Number(process.env.PORT ?? 8788) }, ({ port }) => {
          console.log(`The dashboard is at http://localhost:${port} (Ctrl-C ends it)`)
        })
        server.on('error', reject)
        const end = () => server.close(() => resolve(0))
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
      })
    })
  },
}))
