/** How a raw log line wraps an entry. */
export { parseLine } from '../processor/formats/standard.ts'
