import { config } from '../analytics.config.ts'
import { fileSink } from '../src/policy/sinks.ts'
import { createGateway } from './gateway.ts'

const sink = fileSink({ dir: config.source })
const { fetch } = createGateway({ sink })
const port = Number(process.env.PORT ?? 8787)
console.log(`The example gateway listens on http://localhost:${port} and logs to ${config.source}. Try:
  curl localhost:${port}/products/7`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => sink.close().then(() => process.exit()))

export default { port, fetch }
