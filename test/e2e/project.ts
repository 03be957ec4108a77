import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CLI } from '../support/tool.ts'

/** Inside the repository, so that emitted projects find the packages installed here. */
export const TMP = fileURLToPath(new URL('../../.tmp/', import.meta.url))

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

export interface Project {
  dir: string
  /** Runs a command of the project as its npm script does, without npm's own start-up. */
  run(command: string, ...flags: string[]): Promise<Ran>
  /** The same, parsed; throws where the exit code is not the expected one. */
  json<T>(command: string, flags: string[], code?: number): Promise<T>
}

export function execute(file: string, args: string[], cwd: string, env = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    )
  })
}

/** A project as the built tool emits it. */
export async function emit(name: string, ...flags: string[]): Promise<Project> {
  const dir = join(TMP, name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(TMP, { recursive: true })
  const runtime = flags.includes('--runtime') ? [] : ['--runtime', 'node']
  const made = await execute(
    process.execPath,
    [CLI, name, '--yes', '--no-install', '--no-git', ...runtime, ...flags],
    TMP,
  )
  if (made.code !== 0) throw new Error(`the tool failed: ${made.stderr}${made.stdout}`)
  const run = (command: string, ...rest: string[]) => {
    const files = [
      ['query/cli.ts', 'report query verify'],
      ['maintenance/cli.ts', 'retention doctor'],
    ] as const
    const [file = 'src/worker/standalone.ts'] = files.find(([, commands]) => commands.includes(command)) ?? []
    return execute(process.execPath, ['--import', 'tsx', file, command, ...rest], dir)
  }
  return {
    dir,
    run,
    async json(command, rest, code = 0) {
      const ran = await run(command, ...rest, '--json')
      if (ran.code !== code) throw new Error(`${command} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`)
      return JSON.parse(ran.stdout)
    },
  }
}
