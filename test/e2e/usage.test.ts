import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { emit, execute, type Project } from './project.ts'

let project: Project
beforeAll(async () => {
  project = await emit('usage')
})

const start = (line: string, env: NodeJS.ProcessEnv = {}) =>
  execute(process.execPath, ['--import', 'tsx', ...line.split(' ')], project.dir, { ...process.env, ...env })
const said = async (line: string, env: NodeJS.ProcessEnv = {}) => {
  const { code, stdout, stderr } = await start(line, env)
  return [code, stdout + stderr]
}

describe('a command line that cannot be meant', () => {
  const cases: [line: string, message: string][] = [
    ['src/worker/capture.ts --sorce x', 'capture: --source <folder> (with npm after a --), not "--sorce x"'],
    ['src/worker/capture.ts --source', 'capture: --source <folder> (with npm after a --), not "--source"'],
    ['src/worker/capture.ts --source=', 'capture: --source <folder> (with npm after a --), not "--source="'],
    ['src/worker/capture.ts --source s3://logs', 'capture: --source <folder> (with npm after a --), not "--source s3:'],
    ['src/worker/standalone.ts ingest --lake=', '--lake is empty\n'],
    ['src/worker/standalone.ts ingest --workers=-1', '--workers -1: a number from 0 is wanted\n'],
    ['src/worker/standalone.ts replay --from 7x --to 1h', '--from "7x": an ISO time (2026-01-31T00:00Z) or an age'],
    ['src/worker/standalone.ts compact --before soon', '--before "soon": '],
    ['maintenance/cli.ts retention --keep 1y', '--keep "1y": '],
    ['query/cli.ts report --to tomorrow', '--to "tomorrow": '],
    ['query/cli.ts report --compare lastweek', '--compare (before, deploy, yesterday, last-week) "lastweek": '],
    // A flag that would be passed over is refused: a dry run that writes, or a time that filters nothing, is worse.
    ['src/worker/standalone.ts ingest --dry-run', 'ingest takes no --dry-run\n'],
    ['src/worker/standalone.ts compact --dry-run', 'compact takes no --dry-run\n'],
    ['query/cli.ts query --from 1h', 'query takes no --from\n'],
    ['query/cli.ts verify --route /a', 'verify takes no --route\n'],
    ['query/cli.ts report --check', '--check goes with --compare\n'],
  ]
  it.each(cases)('is told in a line, with the flag: %s', async (line, message) => {
    const [code, text] = await said(line)
    expect(text).toMatch(new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^\n]*\n?$`))
    expect(code).toBe(2)
    expect(readdirSync(project.dir)).not.toContain('analytics')
  })
})

describe('the dashboard', () => {
  it('names the port that is taken, and how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const told = await said('dashboard/serve.ts dashboard', { PORT: String(port) })
    other.close()
    expect(told).toEqual([1, `Port ${port} is taken: PORT=${port + 1}, say, chooses another.\n`])
    expect(await said('dashboard/serve.ts dashboard', { PORT: 'http' })).toEqual([
      2,
      expect.stringMatching(/^PORT=http: /),
    ])
  })
})
