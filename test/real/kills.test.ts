import { it } from 'vitest'
import { surviveKills } from './kills.ts'

it('keeps every row exactly once when ingest and compaction are killed at any moment', async () => {
  await surviveKills('kills', { kills: 4, seed: 1 })
}, 120_000)
