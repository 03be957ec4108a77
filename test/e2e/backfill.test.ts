import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { emit } from './project.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/backfill.md'), 'utf8')
/** What stands in the page's blocks of this language, in their order. */
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)

/** Months of Logpush: requests, crons, a Worker that failed, and one request that the policy of a test saw. */
function logpushFiles(folder: string): number {
  let requests = 0
  const event = (at: number, URL: string, over: object = {}) => {
    requests++
    const Event = { RayID: `ray${at}`, Request: { URL, Method: 'GET' }, Response: { Status: 200 } }
    const common = {
      EventTimestampMs: at,
      EventType: 'fetch',
      Exceptions: [],
      Logs: [],
      Outcome: 'ok',
      ScriptName: 'shop',
    }
    return JSON.stringify({ ...common, Event, ScriptVersion: { id: 'v1' }, CPUTimeMs: 2, WallTimeMs: 12, ...over })
  }
  for (let day = 0; day < 60; day += 20) {
    const at = Date.UTC(2026, 1, 1 + day)
    const lines: string[] = []
    for (let n = 0; n < 40; n++) lines.push(event(at + n * 60_000, `https://shop.example/products/${n}?session=${n}`))
    lines.push(event(at + 1, 'https://shop.example/'), event(at + 2, 'https://shop.example/wp-login.php'))
    lines.push(
      event(at + 3, 'https://shop.example/orders', {
        Event: { Request: { URL: 'https://shop.example/orders', Method: 'POST' } },
        Outcome: 'exception',
      }),
    )
    lines.push(
      JSON.stringify({
        EventType: 'scheduled',
        Event: { Cron: '* * * * *' },
        EventTimestampMs: at,
        Outcome: 'ok',
        ScriptName: 'shop',
      }),
    )
    const name = new Date(at).toISOString().slice(0, 10).replaceAll('-', '')
    mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(
      join(folder, name, `${name}T000000Z_${name}T010000Z_ab${day}.log.gz`),
      gzipSync(`${lines.join('\n')}\n`),
    )
  }
  return requests
}

describe('a new user with nothing but old Logpush files', { timeout: 120_000 }, () => {
  it('gets a report by following docs/backfill.md', async () => {
    const [[create = ''] = [], [ask = ''] = [], commands = []] = blocks('sh').map((text) => text.trim().split('\n'))
    const [, flags = ''] = / -- (.*)$/.exec(create) ?? []
    const project = await emit('backfill', ...flags.split(' ').filter((flag) => flag !== '--yes'))
    const requests = logpushFiles(join(project.dir, 'logs'))

    const [, sql = ''] = /^npm run query -- "(.*)"$/.exec(ask) ?? []
    const [first] = await project.json<{ path: string; requests: number }[]>('query', [sql])
    expect(first).toEqual({ path: expect.stringMatching(/^\//), requests: 3 })

    writeFileSync(join(project.dir, 'src/custom/routes.ts'), blocks('ts')[0] ?? '')
    expect(commands.map((line) => line.replace('npm run ', ''))).toEqual(['ingest', 'compact', 'report', 'verify'])
    await project.json('ingest', ['--settle', '0'])
    await project.json('compact', [])

    const { overview, routes, traces } = await project.json<Record<string, Record<string, unknown>[]>>('report', [])
    expect(overview?.[0]).toMatchObject({ requests })
    expect(routes?.map(({ route, requests }) => [route, requests])).toEqual([
      ['GET /products/:id', 120],
      ['GET /', 3],
      ['GET /*', 3],
      ['POST /orders', 3],
    ])
    expect(routes?.at(-1)).toMatchObject({ '5xx_pct': 100 })
    expect(traces).toEqual([{ requests, from: '2026-02-01 00:00', to: '2026-03-13 00:39' }])
    expect(await project.json('verify', [])).toMatchObject({ isBalanced: true })
  })
})
