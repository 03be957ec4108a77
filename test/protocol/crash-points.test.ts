import { describe, it } from 'vitest'
import { real } from './campaign.ts'
import { stories } from './promises.ts'

describe('the commit protocol, crash point by crash point', () => {
  it.each(stories)('$name', ({ tell }) => tell({ code: real }))
})
