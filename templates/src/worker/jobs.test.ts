import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cloudflare } from '../../cloudflare.config.ts'

const wrangler = readFileSync(new URL('../../wrangler.jsonc', import.meta.url), 'utf8')

describe('cloudflare.config.ts', () => {
  it('says the same as wrangler.jsonc', () => {
    expect(wrangler).toContain(`"name": "${cloudflare.worker}"`)
    expect(wrangler).toContain(`"bucket_name": "${cloudflare.logsBucket}"`)
    expect(wrangler).toContain(`"bucket_name": "${cloudflare.lakeBucket}"`)
    expect(wrangler).toContain(`"crons": ["${cloudflare.ingestCron}", "${cloudflare.compactCron}"]`)
  })
})
