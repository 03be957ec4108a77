import { type CompactorOptions, createCompactor } from '../src/compactor/index.ts'
import { createReplay, type ReplayOptions } from '../src/compactor/replay.ts'
import type { Granularity } from '../src/lake/layout.ts'
import { parseLine } from '../src/processor/formats/standard.ts'
import { columns } from '../src/schema.ts'
import type { LogSource, MergeInput, ParquetMerger } from '../src/types.ts'
import { encode, type FakeFile, fakeWriter, testLake } from './fakes.ts'

async function readFake({ name, size, read }: MergeInput): Promise<FakeFile> {
  const text = Buffer.from(await read(0, size)).toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${name}: not a file of the fake engine`)
  }
}

export const fakeMerger: ParquetMerger = {
  async *merge(inputs, _columns, metadata) {
    const files = await Promise.all(inputs.map(readFake))
    const rows = files.flatMap((file) => file.rows).sort((a, b) => Number(a[0]) - Number(b[0]))
    yield encode({ metadata: metadata(rows.length), rows })
  },
  readMetadata: async (input) => (await readFake(input)).metadata,
}

/** A lake in memory with the real processor, the real compactor and the real replay. */
export function compactingLake(source: LogSource, granularity: Granularity = 'day') {
  const lake = testLake(source, granularity)
  const sourceExists = async (_: string, key: string) => source.exists(key)
  const place = { storage: lake.storage, prefix: 'analytics', granularity, columns, merger: fakeMerger, sourceExists }
  return {
    ...lake,
    compact: (
      before = Number.MAX_SAFE_INTEGER,
      over: Partial<CompactorOptions> = {},
      partition?: string,
    ): ReturnType<ReturnType<typeof createCompactor>['run']> =>
      createCompactor({ ...place, ...over }).run({ before, ...(partition && { partition }) }),
    replay: (over: Partial<ReplayOptions> = {}): ReturnType<ReturnType<typeof createReplay>['run']> =>
      createReplay({ ...place, source, writer: fakeWriter, parseLine, ...over }).run({ from: 0, to: Infinity }),
  }
}
