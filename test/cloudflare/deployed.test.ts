import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entry } from '../../templates/test/fakes.ts'
import { execute, TMP } from '../e2e/project.ts'
import { bundleWorker, runWorker } from './worker.ts'

const NAME = 'cloudflare-deployed'
const KEYS = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' }
const at = (minute: number) => new Date(Date.UTC(2026, 2, 4, 5, minute)).toISOString()

/** The Worker runs in workerd on a bucket; the project's commands read that bucket by R2's S3 endpoint. */
describe('the lake of a deployed Worker', { timeout: 120_000 }, () => {
  let miniflare: Miniflare
  let endpoint: string
  beforeAll(async () => {
    const modules = await bundleWorker(NAME, "export { default } from './src/worker/scheduled.ts'\n")
    const lake = { id: `${NAME}-lake`, s3Credentials: KEYS }
    miniflare = runWorker(modules, { r2Buckets: { LOGS: { id: `${NAME}-logs` }, LAKE: lake } })
    endpoint = new URL('/cdn-cgi/local/r2/s3', await miniflare.ready).href
    await putLog('a', [
      entry({ timestamp: at(0), traceId: 'a' }),
      entry({ timestamp: at(1), traceId: 'b', statusCode: 500 }),
    ])
  }, 120_000)
  afterAll(() => miniflare?.dispose())

  async function putLog(name: string, entries: object[]): Promise<void> {
    const event = { ScriptName: 'shop', EventType: 'fetch', Outcome: 'ok' }
    const lines = entries.map((one) =>
      JSON.stringify({ ...event, Logs: [{ Level: 'log', Message: [JSON.stringify(one)] }] }),
    )
    const bucket = await miniflare.getR2Bucket('LOGS', 'main')
    await bucket.put(`logs/20260304/${name}.log.gz`, new Uint8Array(gzipSync(`${lines.join('\n')}\n`)))
  }
  async function run(cron: string): Promise<void> {
    expect((await (await miniflare.getWorker('main')).scheduled({ cron })).outcome, cron).toBe('ok')
  }
  /** A command of the project, with these credentials in its environment. */
  function read(command: string, args: string[] = [], keys: Partial<typeof KEYS> = KEYS) {
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = keys
    const node = ['--import', 'tsx', 'query/cli.ts', command, ...args, '--lake', endpoint]
    const env = { ...process.env, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }
    return execute(process.execPath, node, join(TMP, NAME), env)
  }
  const json = async (command: string, ...args: string[]) => {
    const { code, stdout, stderr } = await read(command, [...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }
  async function expectRows(...ids: string[]): Promise<void> {
    const rows = await json('query', 'SELECT traceId FROM analytics ORDER BY ALL')
    expect(rows.map(({ traceId }: { traceId: string }) => traceId)).toEqual(ids)
    expect(await json('verify')).toMatchObject({ isBalanced: true, imbalances: [] })
  }

  it('is read by query, report and verify while it holds fragments, and what was compacted beside later ones', async () => {
    await run('*/5 * * * *')
    await expectRows('a', 'b')
    await run('7 * * * *')
    await putLog('late', [entry({ timestamp: at(2), traceId: 'late' })])
    await run('*/5 * * * *')
    await expectRows('a', 'b', 'late')
    const report = await json('report', '--from', '2026-03-04', '--to', '2026-03-05')
    expect(report.overview).toMatchObject([{ requests: 3, rejected: 0 }])
  })

  it.each<[string, Partial<typeof KEYS>, RegExp]>([
    ['without credentials', {}, /set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to those of an R2 API token/],
    ['with a wrong secret', { ...KEYS, secretAccessKey: 'another' }, /SignatureDoesNotMatch|403/],
  ])('is not read %s, and the error says why', async (_, keys, message) => {
    const { code, stderr } = await read('query', ['SELECT 1'], keys)
    expect({ code, isTold: message.test(stderr) }, stderr).toEqual({ code: 1, isTold: true })
    expect(stderr).not.toContain('another')
  })
})
