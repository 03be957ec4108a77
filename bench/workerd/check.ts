import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask } from '../read-back.ts'

/** Throws unless these files together hold as many rows, each with a trace id of its own. */
export async function checkParquet(files: Uint8Array[], expected: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'workerd-'))
  try {
    for (const [n, bytes] of files.entries()) writeFileSync(join(folder, `${n}.parquet`), bytes)
    const [row] = await ask(`SELECT count(*), count(DISTINCT traceId) FROM '${folder}/*.parquet'`)
    if (String(row) !== String([expected, expected])) throw new Error(`read back ${row}, written ${expected}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
