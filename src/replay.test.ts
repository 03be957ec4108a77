import { describe, expect, it } from 'vitest'
import { answersOf, withDefaults } from './answers.ts'
import { type Answers, PACKAGE_MANAGERS } from './questions.ts'
import { replayCommand } from './replay.ts'
import { VERSION } from './version.ts'

const answers = (pm: Answers['pm']) => answersOf(withDefaults({ runtime: 'node' }, { pm, insideRepository: false }))

describe('replayCommand', () => {
  it('spells every answer, and the release that they were given to', () => {
    expect(replayCommand('my-app', answers('pnpm'))).toBe(
      `pnpm create stoma-analytics@${VERSION} my-app --runtime node --storage local --granularity day ` +
        '--parquet columnar --max-entries 100000 --format standard --trigger cron --dashboard --pm pnpm --yes',
    )
  })

  it('keeps its flags from npm', () => {
    for (const pm of PACKAGE_MANAGERS) {
      expect(replayCommand('my-app', answers(pm)).includes(' my-app -- --runtime'), pm).toBe(pm === 'npm')
    }
  })

  it('quotes a folder for the shell', () => {
    expect(replayCommand(`it's here/my-app`, answers('bun'))).toContain(` 'it'\\''s here/my-app' `)
  })
})
