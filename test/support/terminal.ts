import { stripVTControlCharacters } from 'node:util'
import { spawn } from '@lydell/node-pty'
import { CLI } from './tool.ts'

export const KEYS = {
  enter: '\r',
  down: '\u001b[B',
  up: '\u001b[A',
  ctrlC: '\u0003',
  escape: '\u001b',
  erase: '\u007f',
}

export interface Terminal {
  /** Waits until the screen has shown `text` once more, then types. */
  answer(text: string, ...keys: string[]): Promise<void>
  /** Everything shown so far, without colours. */
  shown(): string
  /** The same with all control sequences. */
  raw(): string
  exit: Promise<number>
}

/** The built command on a real pseudo-terminal. */
export function openTerminal(cwd: string, args: readonly string[], env: Record<string, string> = {}): Terminal {
  const options = {
    cwd,
    cols: 120,
    rows: 40,
    name: 'xterm-256color',
    env: { PATH: process.env.PATH as string, ...env },
  }
  const pty = spawn(process.execPath, [CLI, ...args], options)
  let output = ''
  let seen = 0
  let ended = false
  pty.onData((data) => {
    output += data
  })
  const exit = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)))
  exit.then(() => {
    ended = true
  })
  const shown = () => stripVTControlCharacters(output)
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  return {
    shown,
    raw: () => output,
    exit,
    async answer(text, ...keys) {
      for (const start = Date.now(); !shown().includes(text, seen); await sleep(5)) {
        if (ended || Date.now() - start > 10_000) throw new Error(`never shown: "${text}", but\n${shown().slice(seen)}`)
      }
      seen = shown().indexOf(text, seen) + text.length
      for (const key of keys) {
        pty.write(key)
        await sleep(20)
      }
    },
  }
}
