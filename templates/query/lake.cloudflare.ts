import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { ReaderOptions } from '../src/lake/reader.ts'
import { readAll } from '../src/lake/state.ts'
import { r2Storage } from '../src/storage/r2.ts'
import type { CompactorStorage, Pins } from '../src/types.ts'
import { openEngine } from '../src/wiring/engine.ts'
import { openLocalBuckets } from './buckets.ts'

/** Lets `work` read the lake. */
export async function withStorage<T>(
  { lake, prefix, granularity }: Pick<ReaderOptions, 'prefix' | 'granularity'> & { lake: string },
  work: (options: ReaderOptions) => Promise<T>,
): Promise<T> {
  const { LAKE, close } = await openLocalBuckets(lake)
  const storage = r2Storage(LAKE)
  const { readMetadata } = openEngine().merger
  try {
    return await work({ storage, prefix, granularity, readMetadata, openPins: () => copies(storage) })
  } finally {
    await close()
  }
}

/** Pins by copies in a temporary folder: DuckDB reads files. */
function copies(storage: CompactorStorage): Pins {
  const folder = mkdtemp(join(tmpdir(), 'analytics-'))
  let taken = 0
  return {
    async take(key) {
      const found = await storage.get(key)
      if (!found) return null
      const path = join(await folder, `${++taken}-${basename(key)}`)
      const bytes = await readAll(found.body)
      await writeFile(path, bytes)
      const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length)
      return { key, path, input: { name: key, size: bytes.length, read } }
    },
    release: async () => rm(await folder, { recursive: true, force: true }),
  }
}
