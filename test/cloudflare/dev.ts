import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emit, type Project } from '../e2e/project.ts'
import { record } from '../matrix/results.ts'
import { nameOf } from '../support/cells.ts'

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** The project's own `npm run dev`, in a process group of its own, so that workerd ends with it. */
async function startDev({ dir }: Project) {
  const port = await freePort()
  const args = ['run', 'dev', '--silent', '--', '--port', String(port), '--inspector-port', String(await freePort())]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', NO_COLOR: '1' }
  const child: ChildProcess = spawn('npm', args, { cwd: dir, env, detached: true })
  let output = ''
  child.stdout?.on('data', (data) => (output += data))
  child.stderr?.on('data', (data) => (output += data))
  const until = async (what: string, isDone: () => Promise<boolean> | boolean) => {
    for (const start = Date.now(); !(await isDone()); await setTimeout(250))
      if (Date.now() - start > 90_000 || child.exitCode !== null) throw new Error(`never came: ${what}\n${output}`)
  }
  return {
    origin: `http://localhost:${port}`,
    until,
    output: () => output,
    stop: async () => {
      if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGTERM')
      await until('the end', () => child.exitCode !== null || child.signalCode !== null).catch(() => {})
    },
  }
}

/** Requests that can be told apart in the lake. */
const REQUESTS = Array.from({ length: 25 }, (_, n) => ({
  path: ['/products/7', '/products', '/nowhere', '/health'][n % 4] as string,
  traceId: (n + 1).toString(16).padStart(32, '0'),
}))

/** That a project made with these flags runs as it is emitted: dev, requests, and exactly their rows in the lake. */
export const describeDev = (name: string, ...flags: string[]) =>
  describe(`a project made for Cloudflare (${name}), as it is emitted`, () => {
    let project: Project
    let dev: Awaited<ReturnType<typeof startDev>>
    beforeAll(async () => {
      project = await emit(`cloudflare-${name}`, '--runtime', 'cloudflare', '--storage', 'r2', ...flags)
      dev = await startDev(project)
      await dev.until('an answer', () =>
        fetch(`${dev.origin}/health`).then(
          () => true,
          () => false,
        ),
      )
    }, 120_000)
    afterAll(() => dev?.stop())

    it('takes requests in local workerd, and exactly their rows come back from the local R2', async () => {
      for (const { path, traceId } of REQUESTS) {
        const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-plan': 'pro' }
        await (await fetch(dev.origin + path, { headers })).arrayBuffer()
      }
      const counted = REQUESTS.filter(({ path }) => path !== '/health') // the policy is told to skip those
      const sql = "SELECT traceId, routePath, statusCode, dimensions ->> 'plan' AS plan FROM analytics ORDER BY traceId"
      let rows: Record<string, unknown>[] = []
      await dev.until('the rows', async () => {
        rows = await project.json('query', [sql])
        return rows.length >= counted.length
      })
      const route: Record<string, [string, number]> = {
        '/products/7': ['/products/:id', 200],
        '/products': ['/products', 200],
        '/nowhere': ['/*', 404],
      }
      expect(rows).toEqual(
        counted.map(({ path, traceId }) => {
          const [routePath, statusCode] = route[path] as [string, number]
          return { traceId, routePath, statusCode, plan: 'pro' }
        }),
      )
      expect(await project.json('verify', [])).toMatchObject({ isBalanced: true, imbalances: [] })
      expect(await project.json('report', [])).toMatchObject({ overview: [{ requests: counted.length }], errors: [] })
      const { answers } = JSON.parse(readFileSync(join(project.dir, '.stoma/manifest.json'), 'utf8'))
      record({ cell: nameOf(answers), check: 'rows', on: 'workerd' })
    }, 120_000)
  })
