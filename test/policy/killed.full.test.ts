import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { eventually } from './serve.ts'

describe('fileSink', () => {
  it('leaves only whole lines behind when it is killed at full speed', async () => {
    const root = mkdtempSync(join(tmpdir(), 'killed-'))
    const dir = join(root, 'logs')
    const script = await bundle(
      `import { fileSink } from './policy/sinks.ts'
      const sink = fileSink({ dir: ${JSON.stringify(dir)} })
      const lines = Array.from({ length: 97 }, (_, i) => JSON.stringify({ i, text: 'grüße '.repeat(i) }))
      // Should the test itself be killed, its child must not fill the disk.
      for (const end = Date.now() + 10_000; Date.now() < end; ) {
        for (let i = 0; i < 10_000; i++) sink({} as never, lines[i % 97] as string)
        await sink.close()
      }`,
      root,
    )
    const cut: string[] = []
    for (let round = 0; round < 12; round++) {
      rmSync(dir, { recursive: true, force: true })
      const child = spawn(process.execPath, [script], { stdio: 'ignore' })
      await eventually(() => existsSync(dir) && readdirSync(dir).length > 1, 'a child that writes')
      await new Promise((resolve) => setTimeout(resolve, round * 3))
      child.kill('SIGKILL')
      await once(child, 'exit')
      // Appended to in order, a file can be cut at its end only.
      const texts = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'))
      const rests = texts.map((text) => text.slice(text.lastIndexOf('\n') + 1))
      cut.push(...rests.filter((rest) => rest.trim() !== ''))
    }
    rmSync(root, { recursive: true, force: true })
    expect(cut).toEqual([])
  })
})
