import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Connected, connect, type Wanted } from '../../src/connect/index.ts'
import { messageOf } from '../../src/errors.ts'

/** One folder a case: `input`, and `output` or `refused.txt`; neither where nothing is to be done. */
export const CASES = fileURLToPath(new URL('../fixtures/connect/', import.meta.url))

export interface Case {
  name: string
  /** Relative to the folder of all cases. */
  path: string
  input: string
  output: string
  refused: string | undefined
}

export const WANTED: Wanted = {
  gatewayName: 'shop',
  specifierFor: (imports) =>
    `../my-analytics/src/policy/analytics.${imports.some((from) => from.endsWith('.js')) ? 'js' : 'ts'}`,
}

export const connectCase = (path: string, text: string): Connected => connect(path, text, WANTED)

/** Made anew with UPDATE_CASES=1: read the difference before committing it. */
export const cases: readonly Case[] = readdirSync(CASES)
  .sort()
  .map((name) => {
    const folder = join(CASES, name)
    const file = readdirSync(folder).find((file) => file.startsWith('input.')) as string
    const path = join(name, file)
    const input = readFileSync(join(CASES, path), 'utf8')
    if (process.env.UPDATE_CASES) update(folder, path, input)
    const [output, refused] = [file.replace('input', 'output'), 'refused.txt'].map((file) => {
      const at = join(folder, file)
      return existsSync(at) ? readFileSync(at, 'utf8') : undefined
    })
    return { name, path, input, output: output ?? input, refused }
  })

function update(folder: string, path: string, input: string): void {
  const output = join(CASES, path.replace('input.', 'output.'))
  for (const old of [output, join(folder, 'refused.txt')]) rmSync(old, { force: true })
  try {
    const { text } = connectCase(path, input)
    if (text !== input) writeFileSync(output, text)
  } catch (error) {
    writeFileSync(join(folder, 'refused.txt'), `${messageOf(error)}\n`)
  }
}
