import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fileSink } from '../../templates/src/policy/sinks.ts'
import type { AnalyticsEntry } from '../../templates/src/types.ts'
import { bundle } from './bundle.ts'
import { eventually } from './serve.ts'

const ENTRY = {} as AnalyticsEntry

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sink-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(dir, { recursive: true, force: true })
})

const files = () => readdirSync(dir).sort()
const contents = () => files().map((name) => readFileSync(join(dir, name), 'utf8'))
const lines = () => contents().flatMap((text) => text.trimEnd().split('\n'))
const line = (i: number) => JSON.stringify({ i, text: 'grüße '.repeat(i % 40) })

describe('fileSink', () => {
  it('writes every line once, in order, and makes its folder', async () => {
    dir = join(dir, 'deep', 'logs')
    const sink = fileSink({ dir })
    for (let i = 0; i < 5000; i++) sink(ENTRY, line(i))
    await sink.close()
    expect(lines().map((text) => JSON.parse(text).i)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    expect(files()).toHaveLength(1)
  })

  it('begins a new file by size, by age and after close, and never appends to an old one', async () => {
    const sink = fileSink({ dir, maxBytes: 1000 })
    for (let i = 0; i < 40; i++) {
      sink(ENTRY, line(20))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await sink.close()
    const bySize = files().length
    expect(bySize).toBeGreaterThan(5)
    const aging = fileSink({ dir, maxAgeSeconds: 0 })
    for (let i = 0; i < 3; i++) {
      aging(ENTRY, line(1))
      await aging.close()
    }
    expect(files()).toHaveLength(bySize + 3)
    expect(lines()).toHaveLength(43)
  })

  it('goes on in a new file when somebody deletes the one it writes', async () => {
    const sink = fileSink({ dir })
    sink(ENTRY, line(1))
    await eventually(() => files().length === 1 && contents()[0] !== '', 'the first line')
    unlinkSync(join(dir, files()[0] ?? ''))
    sink(ENTRY, line(2))
    await sink.close()
    expect(lines()).toEqual([line(2)])
  })

  it('says that lines are lost while its folder cannot be written, and goes on once it can', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    writeFileSync(join(dir, 'logs'), 'a file where the folder should be')
    const sink = fileSink({ dir: join(dir, 'logs') })
    for (let i = 0; i < 8; i++) {
      sink(ENTRY, line(i))
      await sink.close()
    }
    expect(error).toHaveBeenCalledTimes(1)
    expect(error.mock.calls[0]?.[0]).toContain(join(dir, 'logs'))
    rmSync(join(dir, 'logs'))
    sink(ENTRY, line(1))
    await sink.close()
    dir = join(dir, 'logs')
    expect(lines()).toEqual([line(1)])
  })

  it('holds a bounded number of lines for a slow disk, and counts the rest', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const sink = fileSink({ dir })
    const long = 'x'.repeat(1_000_000)
    for (let i = 0; i < 30; i++) sink(ENTRY, long) // nothing is written before this turn ends
    await sink.close()
    const kept = lines().length
    expect(kept).toBeLessThan(12)
    expect(error.mock.calls.map(([said]) => said).join()).toMatch(/1 log lines .* lost so far[\s\S]*10 log lines/)
  })

  it('goes on in a new file when the disk was full, so that one line at most is cut', async () => {
    // A limit on the size of files makes write(2) stop in the middle, as a full disk does.
    const script = await bundle(
      `import { fileSink } from './policy/sinks.ts'
      process.on('SIGXFSZ', () => {})
      const sink = fileSink({ dir: ${JSON.stringify(join(dir, 'logs'))} })
      for (const lines of [50, 200, 50]) {
        for (let j = 0; j < lines; j++) sink({} as never, JSON.stringify({ text: 'x'.repeat(90) }))
        if (lines !== 50) await sink.close()
      }
      await sink.close()`,
      dir,
    )
    const { status, stderr } = spawnSync('bash', ['-c', `ulimit -f 8; exec ${process.execPath} ${script}`])
    expect([status, String(stderr)]).toEqual([0, expect.stringContaining('EFBIG')])
    dir = join(dir, 'logs')
    expect(files()).toHaveLength(2)
    expect(lines().length).toBeGreaterThan(100)
    const broken = lines().filter((text) => text.trim() !== JSON.stringify({ text: 'x'.repeat(90) }))
    expect(broken.length).toBeLessThanOrEqual(1)
    expect(contents()[1]?.endsWith('}\n')).toBe(true)
  })
})
