import { rejectedKey, sourceKey20 } from '../lake/layout.ts'
import type { CompactorStorage, RejectReason, SourceRange } from '../types.ts'

const MAX_LINES = 1000
const MAX_LINE_CHARS = 4096

/** Keeps the first thousand rejected lines of a source, cut to 4,096 characters; the counts in the mark are whole. */
export function createRejectedLines() {
  const kept: string[] = []
  return {
    add(lineNumber: number, reason: RejectReason, detail: string, line: string): void {
      if (kept.length >= MAX_LINES) return
      kept.push(JSON.stringify({ lineNumber, reason, detail, line: line.slice(0, MAX_LINE_CHARS) }))
    },
    /** Stored before the mark, so that whoever sees the count finds the lines. */
    async save(storage: CompactorStorage, prefix: string, sourceName: string, { key, path, offset }: SourceRange) {
      if (!kept.length) return
      const head = JSON.stringify({ sourceName, key, path, offset })
      const at = rejectedKey(prefix, sourceKey20({ sourceName, key, offset }))
      await storage.put(at, Buffer.from(`${[head, ...kept].join('\n')}\n`), 'absent')
    },
  }
}
