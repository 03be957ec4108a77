import { spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'

/** The demo's last words: whoever sits at a terminal is offered the page, others are told how to get it. */
export async function sayWhatIsNext(lake: string): Promise<void> {
  console.log(`Its lake is ${lake}. The README shows what comes next: your own gateway, your own columns.

The same as a page: the script "dashboard" with --lake ${lake}, then http://localhost:8788/?last=7d`)
  if (!process.stdin.isTTY || !process.stdout.isTTY) return
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Serve it now? [Y/n] ')
  terminal.close()
  if (/^n/i.test(answer)) return
  const path = fileURLToPath(new URL('../dashboard/serve.ts', import.meta.url))
  spawnSync(process.execPath, [...process.execArgv, path, 'dashboard', '--lake', lake], { stdio: 'inherit' })
}
