import type { Customization } from './customization.ts'

/** Where requests are seen: the policy, its sinks, the gateway around it. */
export const gateway: Customization[] = [
  {
    title: 'A sink that posts batches to our collector',
    edit: (project) =>
      project.create('src/policy/http-sink.ts', HTTP_SINK).create('src/policy/http-sink.test.ts', HTTP_SINK_TEST),
  },
  {
    title: 'One sink that feeds two',
    edit: (project) => project.append('src/policy/sinks.ts', TEE),
  },
  {
    title: 'One request in so many leaves an entry',
    edit: (project) =>
      project
        .edit(
          'src/policy/analytics.ts',
          '  /** Labels of every entry, such as the region. */',
          '  /** From 0 to 1: how many of the requests leave an entry. Default: all. */\n  sample?: number\n  /** Labels of every entry, such as the region. */',
        )
        .edit(
          'src/policy/analytics.ts',
          '        if (skipped) return',
          '        if (skipped || Math.random() >= (config.sample ?? 1)) return',
        ),
  },
  {
    title: 'Failures of the policy go to our logger',
    edit: (project) =>
      project
        .create(
          'src/policy/logger.ts',
          'export const logger = { error: (...what: unknown[]) => console.error(...what) }\n',
        )
        .edit('src/policy/analytics.ts', "import type { AnalyticsEntry, Dimensions } from '../types.ts'", LOGGER_IMPORT)
        .edit('src/policy/analytics.ts', 'console.error(`analyticsLog: ${what}', 'logger.error(`analyticsLog: ${what}'),
  },
  {
    title: 'The trace is taken from x-request-id where there is no traceparent',
    edit: (project) =>
      project.edit(
        'src/policy/request.ts',
        "export const traceIdOf = (c: Context) => TRACEPARENT.exec(c.req.header('traceparent') ?? '')?.[1]",
        `export const traceIdOf = (c: Context) =>
  TRACEPARENT.exec(c.req.header('traceparent') ?? '')?.[1] ?? c.req.header('x-request-id')`,
      ),
  },
  {
    title: 'Log files are one an hour, in a folder for each day',
    edit: (project) =>
      project
        .edit(
          'src/policy/log-files.ts',
          'Bytes, default 64 MiB, and seconds, default 300,',
          'Bytes, default 64 MiB, and seconds, default 3600,',
        )
        .edit('src/policy/log-files.ts', 'maxAgeSeconds = 300', 'maxAgeSeconds = 3600')
        .edit('src/policy/log-files.ts', '      await mkdir(dir, { recursive: true })\n', '')
        .edit(
          'src/policy/log-files.ts',
          "      const time = new Date(begunAt).toISOString().replace(/[-:.]/g, '')",
          DAY_FOLDER,
        )
        .edit('src/policy/log-files.ts', 'open(join(dir, `${time}', 'open(join(day, `${time}'),
  },
  {
    title: 'Routes of ours in the example gateway',
    edit: (project) =>
      project
        .edit('example/gateway.ts', "  app.get('/health', (c) => c.text('ok'))\n", ROUTES)
        .edit(
          'example/gateway.ts',
          "dimensions: { region: 'eu-west' }",
          "dimensions: { region: 'eu-central', stage: 'demo' }",
        ),
  },
  {
    title: 'The example listens on all interfaces and says when it goes',
    edit: (project) =>
      project
        .edit('example/serve.ts', 'serve({ fetch, port:', "serve({ fetch, hostname: '0.0.0.0', port:")
        .edit('example/serve.ts', 'server.close(() => sink.close())', SAYS_BYE),
  },
  {
    title: 'Our own gateway instead of the example, the demo goes',
    edit: (project) =>
      project
        .remove('example/demo.ts', 'example/traffic.ts', 'example/serve.ts', 'example/gateway.ts')
        .create('gateway/index.ts', OWN_GATEWAY)
        .json('package.json', ({ scripts }) => {
          delete scripts.demo
          scripts.dev = 'node --import tsx gateway/index.ts'
        }),
  },
  {
    title: 'The policy lives in the gateway package; here it is gone',
    edit: (project) =>
      project
        .remove(
          'src/policy/analytics.ts',
          'src/policy/analytics.test.ts',
          'src/policy/request.ts',
          'src/policy/sinks.ts',
        )
        .remove('example/demo.ts', 'example/traffic.ts', 'example/serve.ts', 'example/gateway.ts')
        .edit('src/index.ts', "export { analyticsLog } from './policy/analytics.ts'\n", '')
        .json('package.json', ({ scripts, exports, dependencies }) => {
          for (const name of ['dev', 'demo']) delete scripts[name]
          for (const name of ['./policy', './policy/*']) delete exports[name]
          for (const name of ['hono', '@hono/node-server']) delete dependencies[name]
        }),
  },
]

const HTTP_SINK = `import type { Sink } from './analytics.ts'

export interface HttpSinkOptions {
  url: string
  maxLines?: number
  post?: (url: string, body: string) => Promise<unknown>
}

const defaultPost = (url: string, body: string) => fetch(url, { method: 'POST', body })

/** Collects lines and posts them, a batch at a time. What the collector does not take is lost, and said. */
export function httpSink({ url, maxLines = 500, post = defaultPost }: HttpSinkOptions): Sink {
  let lines: string[] = []
  return (_entry, line) => {
    lines.push(line)
    if (lines.length < maxLines) return
    const body = \`\${lines.join('\\n')}\\n\`
    lines = []
    return post(url, body)
  }
}
`

const HTTP_SINK_TEST = `import { expect, it } from 'vitest'
import { entry } from '../../test/fakes.ts'
import { httpSink } from './http-sink.ts'

it('posts a batch once it is full', async () => {
  const bodies: string[] = []
  const sink = httpSink({ url: 'http://collector', maxLines: 2, post: async (_, body) => bodies.push(body) })
  for (const line of ['a', 'b', 'c']) await sink(entry(), line)
  expect(bodies).toEqual(['a\\nb\\n'])
})
`

const TEE = `
/** Every entry to each of these sinks. */
export const teeSink =
  (...sinks: Sink[]): Sink =>
  (entry, line) =>
    Promise.all(sinks.map((sink) => sink(entry, line)))
`

const LOGGER_IMPORT = `import type { AnalyticsEntry, Dimensions } from '../types.ts'
import { logger } from './logger.ts'`

const DAY_FOLDER = `      const time = new Date(begunAt).toISOString().replace(/[-:.]/g, '')
      const day = join(dir, time.slice(0, 8))
      await mkdir(day, { recursive: true })`

const ROUTES = `  app.get('/health', (c) => c.text('ok'))
  app.get('/version', (c) => c.json({ version: process.env.VERSION ?? 'dev' }))
  app.get('/customers/:id/invoices', async (c) => {
    await work(about(30))
    return c.json([{ id: 1, total: 99.5 }])
  })
`

const SAYS_BYE = `{
    console.log(\`\${signal}: the gateway closes\`)
    server.close(() => sink.close())
  }`

const OWN_GATEWAY = `import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { config } from '../analytics.config.ts'
import { analyticsLog } from '../src/policy/analytics.ts'
import { fileSink } from '../src/policy/sinks.ts'

const sink = fileSink({ dir: config.source })
const app = new Hono()
app.use(analyticsLog({ gatewayName: 'intranet', sink }).handler)
app.get('/pages/:page', (c) => c.text(c.req.param('page')))

serve({ fetch: app.fetch, port: 3000 })
`
