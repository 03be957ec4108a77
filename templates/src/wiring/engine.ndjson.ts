import { ndjsonPassthroughWriter } from '../parquet/ndjson-passthrough.ts'

/** What writes the files of the lake. */
export const openEngine = () => ({ writer: ndjsonPassthroughWriter() })
