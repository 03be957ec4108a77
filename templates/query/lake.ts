import type { ReaderOptions } from '../src/lake/reader.ts'
import { type Settings, wire } from '../src/wiring.ts'

/** Lets `work` read the lake. */
export const withStorage = async <T>(settings: Settings, work: (lake: ReaderOptions) => Promise<T>): Promise<T> =>
  work(wire(settings).lake)
