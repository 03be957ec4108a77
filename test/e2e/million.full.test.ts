import { describe, it } from 'vitest'
import { balanceTheBooks } from './ledger.ts'
import { emit } from './project.ts'

describe('a million lines with rubbish mixed in', () => {
  it.each(['hour', 'day', 'month'])('come out as exactly the valid rows, partitioned by %s', async (granularity) => {
    const project = await emit(`million-${granularity}`, '--granularity', granularity)
    await balanceTheBooks(project, granularity, {
      lines: 1_000_000,
      files: 3,
      rubbish: 0.02,
      gzip: granularity === 'hour',
    })
  })
})
