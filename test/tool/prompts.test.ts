import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KEYS, openTerminal, type Terminal } from '../support/terminal.ts'
import { filesOf, scratch, snapshot } from '../support/tool.ts'

const { enter, down, up, ctrlC } = KEYS

/** Every question for Bun, in order, with keys that choose something else than the default. */
const QUESTIONS: [text: string, ...keys: string[]][] = [
  ['Where should the project go?', 'their-app', enter],
  ['Where will it run?', down, down, enter],
  ['Where should the Parquet files live?', enter],
  ['How much time should one compacted file cover?', up, enter],
  ['What should write the files?', down, down, enter],
  ['How many rows may wait in memory', '5000', enter],
  ['How do the raw logs look?', up, enter],
  ['Which package manager?', down, down, enter],
  ['Install the dependencies now?', 'n'],
  ['Start a git repository?', 'n'],
]

/** What is asked for Cloudflare, the default. */
const DEFAULT_QUESTIONS = [
  ...['Where should the project go?', 'Where will it run?', 'How much time should one compacted file cover?'],
  ...['What should write the files?', 'How many rows may wait in memory', 'How do the raw logs look?'],
  ...['What should start an ingest?', 'Add a dashboard', 'Which package manager?', 'Start a git repository?'],
]

async function answerAll(terminal: Terminal, questions: typeof QUESTIONS): Promise<void> {
  for (const [text, ...keys] of questions) await terminal.answer(text, ...keys)
}

const answersIn = (dir: string) => JSON.parse(readFileSync(join(dir, '.stoma/manifest.json'), 'utf8')).answers

describe('on a terminal', () => {
  it('asks every question, and follows the keys', async () => {
    const cwd = scratch()
    const terminal = openTerminal(cwd, [])
    await answerAll(terminal, QUESTIONS)
    expect(await terminal.exit).toBe(0)
    expect(answersIn(join(cwd, 'their-app'))).toEqual({
      runtime: 'bun',
      storage: 'local',
      granularity: 'hour',
      parquet: 'ndjson',
      maxEntries: 5000,
      format: 'cloudflare',
      trigger: 'cron',
      dashboard: false,
      pm: 'yarn',
    })
    expect(filesOf(cwd).filter((path) => /\.git\/|node_modules/.test(path))).toEqual([])
    expect(terminal.shown()).toMatch(/src\/lake\/ .*layout\.ts[\s\S]*cd their-app\s+yarn install\s+yarn run demo/)
    expect(terminal.shown()).toContain('yarn create stoma-analytics@')
  })

  it('takes the defaults for nothing but Enter', async () => {
    const cwd = scratch()
    const terminal = openTerminal(cwd, ['--no-install'], { npm_config_user_agent: 'pnpm/9.0.0' })
    await answerAll(
      terminal,
      DEFAULT_QUESTIONS.map((text) => [text, enter]),
    )
    expect(await terminal.exit).toBe(0)
    expect(answersIn(join(cwd, 'my-analytics'))).toMatchObject({
      runtime: 'cloudflare',
      storage: 'r2',
      granularity: 'day',
      parquet: 'columnar',
      maxEntries: 20_000,
      format: 'cloudflare',
      trigger: 'cron',
      pm: 'pnpm',
    })
    expect(filesOf(cwd)).toContain('my-analytics/.git/HEAD')
  })

  it('asks only what no flag says', async () => {
    const cwd = scratch()
    const flags =
      '--runtime node --storage local --granularity day --parquet ndjson --format standard --pm npm --no-install --no-git'
    const terminal = openTerminal(cwd, ['app', ...flags.split(' ')])
    await terminal.answer('How many rows may wait in memory', '0', enter)
    await terminal.answer('is a whole number from 1', KEYS.erase, '42', enter)
    expect(await terminal.exit).toBe(0)
    expect(answersIn(join(cwd, 'app')).maxEntries).toBe(42)
    expect(terminal.shown()).not.toContain('Where')
  })

  it('lets a folder be corrected that is no name or not empty', async () => {
    const cwd = scratch()
    mkdirSync(join(cwd, 'full'))
    writeFileSync(join(cwd, 'full/notes.txt'), '')
    const terminal = openTerminal(cwd, ['--dry-run'])
    await terminal.answer('Where should the project go?', 'full', enter)
    await terminal.answer('full is not empty', '/..', enter)
    await terminal.answer('names no folder', ctrlC)
    expect(await terminal.exit).toBe(130)
  })

  it('refuses a folder that is not empty before it asks anything', async () => {
    const cwd = scratch()
    mkdirSync(join(cwd, 'full'))
    writeFileSync(join(cwd, 'full/notes.txt'), '')
    const terminal = openTerminal(cwd, ['full'])
    expect(await terminal.exit).toBe(1)
    expect(terminal.shown()).toMatch(/not empty. It holds:\s+notes\.txt/)
  })

  it('paints its result, but not with NO_COLOR', async () => {
    const painted = async (env: Record<string, string>) => {
      const terminal = openTerminal(scratch(), ['--yes', '--dry-run'], env)
      expect(await terminal.exit).toBe(0)
      return terminal.raw().includes('\u001b[1m')
    }
    expect(await painted({})).toBe(true)
    expect(await painted({ NO_COLOR: '1' })).toBe(false)
  })

  it('asks nothing in CI', async () => {
    const terminal = openTerminal(scratch(), [], { CI: '1' })
    expect(await terminal.exit).toBe(2)
    expect(terminal.shown()).toContain('--runtime')
  })

  it('asks where CI is said to be false', async () => {
    const terminal = openTerminal(scratch(), [], { CI: 'false' })
    await terminal.answer('Where should the project go?', ctrlC)
    expect(await terminal.exit).toBe(130)
  })
})

describe('Ctrl-C', () => {
  it.each(QUESTIONS.map(([text], index) => [text, index] as const))(
    'at "%s" leaves nothing behind and exits with 130',
    async (text, index) => {
      const cwd = scratch()
      const terminal = openTerminal(cwd, [])
      await answerAll(terminal, QUESTIONS.slice(0, index))
      await terminal.answer(text, index % 2 === 0 ? ctrlC : KEYS.escape)
      expect(await terminal.exit).toBe(130)
      expect(snapshot(cwd)).toEqual({})
      expect(terminal.shown()).toContain('Nothing was written')
    },
  )
})
