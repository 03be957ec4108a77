import { serve } from '@hono/node-server'
import { withStorage } from '../query/lake.ts'
import { runCommand, UsageError } from '../src/worker/settings.ts'
import { localAssets } from './assets.ts'
import { createDashboard } from './handler.ts'

const hostname = process.env.HOST ?? '127.0.0.1'
const port = process.env.PORT || '8788'
const token = process.env.DASHBOARD_TOKEN || undefined

await runCommand(({ settings }) => ({
  /** Serves the page until Ctrl-C. Other machines are let in only by HOST and a token. */
  dashboard() {
    if (!token && hostname !== '127.0.0.1') throw new UsageError(`HOST=${hostname} wants a DASHBOARD_TOKEN as well`)
    if (!/^\d+$/.test(port) || Number(port) > 65_535)
      throw new UsageError(`PORT=${port}: a number up to 65535 is wanted`)
    return withStorage(settings, (lake) => {
      const fetch = createDashboard({ lake, asset: localAssets(), token })
      return new Promise((resolve, reject) => {
        const server = serve({ fetch, hostname, port: Number(port) }, ({ port }) => {
          console.log(`The dashboard is at http://localhost:${port} (Ctrl-C ends it)`)
        })
        server.on('error', (error: NodeJS.ErrnoException) => {
          const isTaken = error.code === 'EADDRINUSE'
          reject(isTaken ? new Error(`Port ${port} is taken: PORT=${Number(port) + 1}, say, chooses another.`) : error)
        })
        const end = () => server.close(() => resolve(0))
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
      })
    })
  },
}))
