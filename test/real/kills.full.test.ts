import { expect, it } from 'vitest'
import { surviveKills } from './kills.ts'

it('keeps every row exactly once through a hundred kills', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`a hundred kills: SEED=${seed}`)
  expect(await surviveKills('hundred-kills', { kills: 100, seed })).toBeGreaterThan(30)
})
