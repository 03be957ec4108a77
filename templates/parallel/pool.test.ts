import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { Pending } from '../src/processor/pending.ts'
import { emptyResult, type IngestResult } from '../src/processor/result.ts'
import type { Settings } from '../src/wiring.ts'
import { type Handed, type Ingest, ingestTogether, type Said } from './pool.ts'

const settings = { workers: 2, source: './logs' } as Settings

async function* logs(...paths: string[]): AsyncIterableIterator<Pending> {
  for (const path of paths) {
    yield { info: { key: path, path, size: 1, etag: path, lastModified: 0 }, newestMark: null }
  }
}

const result = (counts: Partial<IngestResult>): IngestResult => ({ ...emptyResult(), ...counts })
const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms))

/** A promise, and what settles it. */
function gate() {
  let release = () => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  return { until, release: () => release() }
}

/** Ingests nothing and says what it was given; a log called `wait` takes until the promise is settled. */
function fakeIngest(taken: string[], until: Promise<unknown> = Promise.resolve()): Ingest {
  return async (pending, onProgress) => {
    const done = emptyResult()
    for await (const { info } of pending) {
      taken.push(info.path)
      if (info.path === 'wait') await until
      done.sources++
      done.rejected.json = (done.rejected.json ?? 0) + 1
      onProgress({ ...done })
    }
    return done
  }
}

/** A process that asks for logs until none is left, or until `dies` is reached. */
function fakeHelper(taken: string[], dies?: string) {
  const helper = new EventEmitter()
  let sources = 0
  const say = (said: Said) => helper.emit('message', said)
  queueMicrotask(() => say('next'))
  const answers = {
    send({ pending }: Handed) {
      if (!pending) return helper.emit('exit', 0, null)
      taken.push(pending.info.path)
      if (pending.info.path === dies) return helper.emit('exit', null, 'SIGKILL')
      say(result({ sources: ++sources, rejected: { json: 1 } }))
      return say('next')
    },
  }
  return Object.assign(helper, answers) as unknown as ChildProcess
}

describe('ingesting in several processes', () => {
  it('starts none where the run is soon over', async () => {
    const taken: string[] = []
    const start = () => {
      throw new Error('started')
    }
    const options = { settings, ingest: fakeIngest(taken), onProgress() {}, start, helpAfterMs: 10_000 }
    expect((await ingestTogether(logs('a', 'b'), options)).sources).toBe(2)
    expect(taken).toEqual(['a', 'b'])
  })

  it('starts none for a single log, or where one worker is wanted', async () => {
    for (const [workers, paths] of [
      [2, ['wait']],
      [1, ['wait', 'b', 'c']],
    ] as const) {
      let started = 0
      const start = () => {
        started++
        return fakeHelper([])
      }
      const options = { settings: { ...settings, workers }, onProgress() {}, start, helpAfterMs: 0 }
      await ingestTogether(logs(...paths), { ...options, ingest: fakeIngest([], later(20)) })
      expect(started).toBe(0)
    }
  })
})

// A machine of one core has no use for a second process.
describe.skipIf(availableParallelism() < 2)('ingesting beside a log that takes long', () => {
  it('gives the others to a helper, each once, and adds up what both did', async () => {
    const [own, helped]: string[][] = [[], []]
    let progress = emptyResult()
    const { until, release } = gate()
    const start = () => fakeHelper(helped as string[]).on('exit', release)
    const sum = await ingestTogether(logs('wait', 'b', 'c', 'd'), {
      ...{ settings, start, helpAfterMs: 0, ingest: fakeIngest(own as string[], until) },
      onProgress: (soFar) => {
        progress = soFar
      },
    })
    expect([own, helped]).toEqual([['wait'], ['b', 'c', 'd']])
    expect(sum).toEqual(result({ sources: 4, rejected: { json: 2 } }))
    expect(progress).toEqual(sum)
  })

  it('names the log that a dead helper had, keeps what it had done, and goes on with the others', async () => {
    const [own, helped]: string[][] = [[], []]
    const { until, release } = gate()
    const start = () => fakeHelper(helped as string[], 'c').on('exit', release)
    const options = { settings, onProgress() {}, start, helpAfterMs: 0, ingest: fakeIngest(own as string[], until) }
    const { sources, errors } = await ingestTogether(logs('wait', 'b', 'c', 'd'), options)
    expect([own, helped]).toEqual([
      ['wait', 'd'],
      ['b', 'c'],
    ])
    expect(sources).toBe(3)
    expect(errors.map(({ where }) => where)).toEqual(['c'])
    expect(errors[0]?.message).toContain('SIGKILL')
  })

  it('reports a listing that fails while a helper asks', async () => {
    const { until, release } = gate()
    async function* broken() {
      yield* logs('wait', 'b')
      throw new Error('the folder is gone')
    }
    const start = () => fakeHelper([]).on('exit', release)
    const options = { settings, onProgress() {}, start, helpAfterMs: 0, ingest: fakeIngest([], until) }
    const { sources, errors } = await ingestTogether(broken(), options)
    expect(sources).toBe(2)
    expect(errors).toEqual([{ where: './logs', message: 'the folder is gone' }])
  })
})
