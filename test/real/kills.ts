import { mkdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { emit } from '../e2e/project.ts'
import { random } from '../support/generate.ts'
import { bundleWorker } from './bundle.ts'
import { livingLogs } from './living-logs.ts'
import { expectExactly, expectNoneTooMany, remains, sleep, startWorker, unlisted } from './support.ts'

const JOBS = 'ingest,compact,read'

/**
 * Kills a process that ingests, compacts and reads, again and again, while the logs live on; then expects exactly their
 * rows. Every other kill comes at any time, the rest amid the writes. Resolves to how many left something half-done.
 */
export async function surviveKills(name: string, { kills, seed }: { kills: number; seed: number }): Promise<number> {
  const next = random(seed)
  const { dir } = await emit(name)
  const script = await bundleWorker(dir)
  const logs = livingLogs(join(dir, 'logs'), seed)
  const temporaries = join(dir, 'lake/.tmp')
  mkdirSync(temporaries, { recursive: true })
  let interrupted = 0
  let coming = startWorker(script, JOBS)
  for (let kill = 0; kill < kills; kill++) {
    const worker = coming
    await worker.isReady
    if (kill + 1 < kills) coming = startWorker(script, JOBS) // gets ready while this one works
    // Whatever is written begins and ends as a temporary: counted, they say where in its work the process is.
    let changes = kill % 2 ? Math.floor(next() * 60) : Infinity
    const watcher = watch(temporaries, () => {
      if (--changes < 0) worker.process.kill('SIGKILL')
    })
    worker.go()
    const end = performance.now() + (kill % 2 ? 5000 : next() * 500)
    do {
      logs.step()
      await sleep(next() * 25)
    } while (performance.now() < end && changes >= 0)
    await worker.kill()
    watcher.close()
    expect(worker.errors, `kill ${kill} of seed ${seed}`).toEqual([])
    if (remains(dir).length + unlisted(dir).length > 0) interrupted++
    await expectNoneTooMany(dir, logs.rows())
  }
  await expectExactly(dir, logs)
  return interrupted
}
