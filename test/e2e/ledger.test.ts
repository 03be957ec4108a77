import { describe, it } from 'vitest'
import { balanceTheBooks } from './ledger.ts'
import { emit } from './project.ts'

describe('an emitted project', () => {
  it('turns logs with rubbish in them into exactly the valid rows, however they are read', async () => {
    const project = await emit('ledger', '--granularity', 'day')
    await balanceTheBooks(project, 'day', { lines: 5000, files: 2, rubbish: 0.1 })
  }, 120_000)
})
