import { CliError } from './errors.ts'
import { spelling } from './pm.ts'
import type { Answers } from './questions.ts'
import { quote } from './replay.ts'

/** Runs `git init`. Resolves to why it did not work, or undefined when it did. */
export async function gitInit(dir: string): Promise<string | undefined> {
  const { code, output } = await run('git', ['init', '--quiet'], dir, 'pipe')
  return code === 0 ? undefined : output.trim() || `git ended with ${code}`
}

/** Installs with the chosen package manager; its output goes to stderr. A failure leaves the project and throws. */
export async function install(dir: string, pm: Answers['pm']): Promise<void> {
  // Ctrl-C reaches the package manager too. It ends, and then so do we, with a word about what is left.
  const wait = () => {}
  process.on('SIGINT', wait)
  const { code, output } = await run(pm, ['install'], dir, 'show')
  process.off('SIGINT', wait)
  if (code === 0) return
  const interrupted = code === 130 || code === 'SIGINT'
  throw new CliError(
    interrupted ? 'The installation was interrupted.' : `${pm} install failed${output || ` (${code})`}.`,
    {
      code: 'INSTALL_FAILED',
      exitCode: interrupted ? 130 : 1,
      hint: `The project is complete in ${dir}. To try again: cd ${quote(dir)} && ${spelling(pm).install}`,
      details: { dir },
    },
  )
}

async function run(command: string, args: string[], cwd: string, mode: 'pipe' | 'show') {
  // Loaded here: a run that neither installs nor starts a repository does without.
  const { spawn } = await import('node:child_process')
  return new Promise<{ code: number | string | null; output: string }>((resolve) => {
    const output: string[] = []
    const child = spawn(command, args, {
      cwd,
      // stdout is kept for our own result.
      stdio: mode === 'pipe' ? ['ignore', 'ignore', 'pipe'] : [process.stdin.isTTY ? 'inherit' : 'ignore', 2, 2],
      // Package managers are .cmd files on Windows, which only a shell starts. No argument comes from the user.
      shell: process.platform === 'win32',
    })
    child.stderr?.on('data', (chunk) => output.push(String(chunk)))
    child.on('error', (error) => resolve({ code: 'not started', output: `: ${error.message}` }))
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output: output.join('') }))
  })
}
