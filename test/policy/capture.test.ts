import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { eventually } from './serve.ts'

let bin: string
let script: string
beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), 'capture-bin-'))
  script = await bundle("import './worker/capture.ts'", bin)
})
afterAll(() => rmSync(bin, { recursive: true, force: true }))

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'capture-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function capture(source = dir) {
  const child = spawn(process.execPath, [script, '--source', source])
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  child.stdin.on('error', () => {})
  return { child, said: () => said }
}

const ended = async (child: ChildProcess) => (await once(child, 'exit'))[0] as number | null
const written = () =>
  Buffer.concat(
    readdirSync(dir)
      .sort()
      .map((name) => readFileSync(join(dir, name))),
  )

describe('capture', () => {
  it('keeps 200,000 lines byte for byte, wherever the pipe cuts them', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `{"n":${i},"text":"grüße 🌍 ${'x'.repeat(i % 50)}"}\r\n`)
    const bytes = Buffer.concat([Buffer.from(lines.join('')), Buffer.from([0xff, 0xfe, 0x00, 0x0a])])
    const { child } = capture()
    child.stdin.end(bytes)
    expect(await ended(child)).toBe(0)
    expect(written().equals(bytes)).toBe(true)
  })

  it('ends a last line that has no line break, when its input ends', async () => {
    const { child } = capture()
    child.stdin.end('{"a":1}\n{"a":2}')
    expect(await ended(child)).toBe(0)
    expect(written().toString()).toBe('{"a":1}\n{"a":2}\n')
  })

  it('makes no file of no input', async () => {
    const { child } = capture()
    child.stdin.end()
    expect(await ended(child)).toBe(0)
    expect(readdirSync(dir)).toEqual([])
  })

  it('keeps every whole line, and only those, when it is told to stop', async () => {
    const { child, said } = capture()
    child.stdin.write('{"a":1}\n{"a":2}\n{"half":')
    await eventually(() => readdirSync(dir).length > 0 && written().length === 16, 'the whole lines')
    child.kill('SIGTERM')
    expect(await ended(child)).toBe(0)
    expect(written().toString()).toBe('{"a":1}\n{"a":2}\n')
    expect(said()).toContain('left out')
  })

  it('still takes the last words of a server that Ctrl-C stops', async () => {
    const { child } = capture()
    child.stdin.write('{"a":1}\n')
    await eventually(() => readdirSync(dir).length > 0 && written().length === 8, 'the first line')
    child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 50))
    child.stdin.write('{"last":1}\n') // and no end: Ctrl-C alone has to do, too
    expect(await ended(child)).toBe(0)
    expect(written().toString()).toBe('{"a":1}\n{"last":1}\n')
  })

  it('passes on a line of 70 MB in little memory', async () => {
    const { child } = capture()
    const piece = Buffer.alloc(1_000_000, 'x')
    child.stdin.write('{"a":1}\n')
    let peak = 0
    for (let i = 0; i < 70; i++) {
      if (!child.stdin.write(piece)) await once(child.stdin, 'drain')
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]))
    }
    child.stdin.end('\n{"a":2}\n')
    expect(await ended(child)).toBe(0)
    expect(written().length).toBe(70_000_000 + 17)
    expect(peak).toBeLessThan(200_000) // kB
  })

  it('goes on reading when it cannot write, so that the server lives, and fails at the end', async () => {
    const source = join(dir, 'file')
    writeFileSync(source, '')
    const { child, said } = capture(source)
    for (let i = 0; i < 20; i++) {
      child.stdin.write(`${'x'.repeat(50_000)}\n`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.stdin.end()
    expect(await ended(child)).toBe(1)
    expect(said().match(/lines are being lost/g)).toHaveLength(1)
  })
})
