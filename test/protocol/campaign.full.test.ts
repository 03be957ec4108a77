import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { localStorageAdapter } from '../../templates/src/storage/local.ts'
import { describeSummary, replay, runCampaign } from './campaign.ts'
import { startRealEngine } from './engines.ts'

const tmp = join(import.meta.dirname, '../../.tmp')
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function openStore() {
  mkdirSync(tmp, { recursive: true })
  const folder = mkdtempSync(join(tmp, 'campaign-'))
  folders.push(folder)
  return localStorageAdapter(folder)
}

/** Another seed every day: what passes today was not chosen to pass. */
const seed = Math.floor(Date.now() / 86_400_000) * 1_000_000

describe('the commit protocol', () => {
  it('keeps its promises in ten thousand more interleavings', async () => {
    const sum = await runCampaign({ seed, count: 10_000 })
    console.log(describeSummary(sum))
    expect(sum.failed.map((history) => replay(history))).toEqual([])
  })

  it('keeps its promises with the Parquet of the real engine', async () => {
    const sum = await runCampaign({ seed, count: 60 }, { engine: await startRealEngine() })
    console.log(describeSummary(sum))
    expect(sum.failed.map((history) => replay(history, '--engine duckdb '))).toEqual([])
  })

  it('keeps its promises on files', async () => {
    const sum = await runCampaign({ seed, count: 150 }, { openStore })
    console.log(describeSummary(sum))
    expect(sum.failed.map((history) => replay(history))).toEqual([])
  })
})
