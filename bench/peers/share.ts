import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'

/**
 * The files of a folder, for this process and helpers of the same kind: each asks for the next one when it is done with
 * one, as the pool of an emitted project does. `finished` resolves when the helpers have ended well.
 */
export function shareOut(folder: string, workers: number): { names: AsyncIterable<string>; finished(): Promise<void> } {
  if (process.send) return { names: handed(), finished: async () => process.disconnect?.() }
  const names = readdirSync(folder).sort()
  const ended = Array.from({ length: Math.min(workers, names.length) - 1 }, async () => {
    const helper = fork(process.argv[1] as string, process.argv.slice(2))
    helper.on('message', () => helper.send(names.shift() ?? ''))
    const [code] = await once(helper, 'exit')
    if (code !== 0) throw new Error(`a helper ended with ${code}`)
  })
  async function* own() {
    for (let name = names.shift(); name; name = names.shift()) yield name
  }
  return { names: own(), finished: async () => void (await Promise.all(ended)) }
}

async function* handed() {
  for (;;) {
    const answer = once(process, 'message')
    process.send?.('next')
    const [name] = await answer
    if (name === '') return
    yield name as string
  }
}
